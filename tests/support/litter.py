"""Litter as dead writers leave it, made by hand where a real one would be slow: rows, blobs, files of tables."""

import os
import sqlite3
import subprocess
import sys
import uuid
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from holdfast.backend import Backend
from holdfast.blobs.hashing import content_id
from holdfast.catalog import audit, intents, pins
from holdfast.catalog.audit import AuditRecord
from holdfast.catalog.intents import Intent
from holdfast.catalog.search_rows import TailRow
from holdfast.front.store import Store
from holdfast.host import process
from holdfast.index.tables import TableAppend
from holdfast.publish import intention
from holdfast.publish.intention import Intention
from holdfast.testing.seams import rooms

#: a text of more than 64 KiB and more chunks than the tail takes at once: a blob and an append to the table
LONG_TEXT = "\n\n".join(f"# Heading {n}\n\n" + f"word{n} and another thing " * 14 for n in range(300))
#: code of a child that writes it
WRITE_LONG_TEXT = """
    text = "\\n\\n".join(f"# Heading {n}\\n\\n" + f"word{n} and another thing " * 14 for n in range(300))
    with holdfast.open(sys.argv[1]) as store:
        store.write("/long.md", text)
"""


def dead_process() -> process.Identity:
    """Return the identity of a process that has lived and is gone."""
    code = "from holdfast.host import process; print(process.current().to_json())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return process.Identity.from_json(done.stdout)


def on_another_host() -> process.Identity:
    """Return the identity of a process of which nobody here can tell whether it lives."""
    return replace(process.current(), host="elsewhere")


#: what this process is said to be staging, as long as the tests run
_at_work: list[Intention] = []


def intend(
    backend: Backend,
    owner: process.Identity | str,
    *,
    blobs: object = (),
    tables: object = (),
    staged: str | None = None,
    started: float | None = None,
    lease: float = 3600.0,
) -> str:
    """Write an intent of `owner` and return its id."""
    intent_id, now = uuid.uuid4().hex, backend.clock.now() if started is None else started
    text = owner if isinstance(owner, str) else owner.to_json()
    if owner == process.current():
        _at_work.append(Intention(intent_id, backend))
        intention.at_work[intent_id] = _at_work[-1]
    with backend.engine.write() as conn:
        named = {"blobs": blobs, "tables": tables, "pin": pins.newest(conn)}
        intents.begin(
            conn,
            intents.NewIntent(
                intent_id=intent_id,
                kind="publish",
                actor="tester",
                owner=text,
                staged=named,
                started=now,
                lease_until=now + lease,
            ),
        )
        if staged is not None:
            conn.run("UPDATE intents SET staged = :s WHERE intent_id = :id", {"s": staged, "id": intent_id})
    return intent_id


def blob(backend: Backend, data: bytes = b"x" * 70_000) -> str:
    """Store bytes that no content refers to; returns their id."""
    backend.blobs.put(content_id(data), [data])
    return content_id(data)


def tail_row(content: str = "0" * 64) -> TailRow:
    """Return a search row of a content, as a commit stages it."""
    return TailRow(
        row_id=0,
        content_id=content,
        ordinal=0,
        heading="",
        text="text",
        terms="text",
        start=0,
        end=4,
        page=None,
        vector=b"\0" * 4 * 256,
    )


def unpublished_rows(backend: Backend, content: str = "0" * 64) -> TableAppend:
    """Append a row to the search table in a version that nobody pins."""
    live = backend.tables.live
    with backend.engine.read() as conn:
        base = pins.current(conn, (live.name,))[live.name].version
    return live.append(base, [tail_row(content)])


def temporary_file(backend: Backend, data: bytes = b"half") -> str:
    """Leave what an interrupted put of `data` leaves; returns its path."""
    name = f"{content_id(data)[:16]}-{uuid.uuid4().hex}"
    path = str(backend.blobs.root / ".incoming" / name)  # type: ignore[attr-defined]
    with open(path, "wb") as file:  # noqa: PTH123
        file.write(data[:2])
    return path


def state_of(store: Store, intent_id: str) -> Intent:
    """Return an intent as it stands now."""
    with rooms(store).engine.read() as conn:
        return next(intent for intent in intents.newest(conn, 1000) if intent.intent_id == intent_id)


def audited(store: Store, kind: str) -> list[AuditRecord]:
    """Return the audit rows of one kind."""
    with rooms(store).engine.read() as conn:
        return [row for row in audit.newest(conn, 1000) if row.kind == kind]


def sql(store: Store, statement: str, **params: object) -> None:
    """Damage the catalog."""
    with closing(sqlite3.connect(Path(store.address) / "catalog.db")) as catalog, catalog:
        catalog.execute(statement, params)


def fill(store: Store) -> None:
    """Write something of every kind."""
    store.write("/notes/a.md", "# A\n\nfirst")
    store.write("/notes/a.md", "# A\n\nsecond")
    store.write("/page.html", "<html><body><h1>Leases</h1><p>They expire.</p></body></html>")
    store.write("/long.md", LONG_TEXT)
    store.write("/gone/long.md", LONG_TEXT.replace("Heading", "Title"))
    store.write("/data.bin", os.urandom(100_000))
    store.remove("/gone", recursive=True)
    store.move("/notes", "/journal")
    store.maintenance.optimize()
    store.write("/journal/b.md", "in the tail")
