"""Settling: what relaxed processes published is brought to the disk before a durable commit follows it.

A process whose durability is relaxed stages blobs and table files without waiting for the disk. Its publishes leave a
mark in the catalog, in the same SQL transaction. The first durable publish that finds one fsyncs all blobs and table
files, whoever made them, and takes the mark away unless there is a newer one by then.
"""

from holdfast.backend import Backend
from holdfast.catalog import settings
from holdfast.catalog.engine import Connection


def mark(backend: Backend, conn: Connection, intent_id: str | None) -> None:
    """Note, inside a publish, that what it staged may not be on the disk yet; without an intent it staged nothing."""
    if intent_id is not None and not backend.durable:
        settings.put(conn, settings.UNSETTLED, intent_id)


def is_unsettled(backend: Backend, conn: Connection) -> bool:
    """Return whether a durable commit would follow one that is not settled."""
    return backend.durable and bool(settings.get(conn, settings.UNSETTLED))


def settle(backend: Backend) -> None:
    """Bring what relaxed processes published to the disk, if a durable commit is about to follow it.

    Raises StorageFailed when the disk refuses.
    """
    if not backend.durable:
        return
    with backend.engine.read() as conn:
        found = settings.get(conn, settings.UNSETTLED)
    if not found:
        return
    for blob in backend.blobs.list():
        backend.blobs.settle(blob.content_id)
    backend.tables.settle()
    with backend.engine.write() as conn:
        # What was published meanwhile has left another mark, and may have come too late for the look around.
        if settings.get(conn, settings.UNSETTLED) == found:
            settings.put(conn, settings.UNSETTLED, "")
