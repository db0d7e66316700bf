"""Collecting what is left of embedders that a store has moved away from, or never moved to.

Searches look at the rows of one embedder, and a move makes those of one more. What the catalog says of others goes by
pages, then their pins, and with these the files of their tables, by the rules for all files of tables (litter.py).
"""

import shutil

from holdfast.backend import Backend
from holdfast.catalog import moving, pins, settings
from holdfast.catalog.engine import Connection
from holdfast.faults import point
from holdfast.index.tables import SearchTable, table_name
from holdfast.recovery import litter

#: contents forgotten in one SQL transaction
CONTENTS_PER_TURN = 5000


def forget_former(backend: Backend) -> None:
    """Drop the rows of the catalog, and the pins, that are of neither the present nor the next embedder."""
    with backend.engine.read() as conn:
        kept, there = _kept(conn), moving.embedders(conn)
    for embedder in (name for name in there if name not in kept):
        while _forget_some(backend, embedder):
            point("former.after_page")
    with backend.engine.write(durable=False) as conn:
        needed = {name for kept in _kept(conn) for name in (table_name(kept), f"{table_name(kept)}-history")}
        for name in pins.names(conn):
            if name.startswith("search-") and name not in needed:
                moving.forget_pins(conn, name)


def collect_former(backend: Backend) -> None:
    """Drop all that is left of former embedders, but what somebody at work may still need."""
    forget_former(backend)
    for table in backend.tables.others:
        remove_if_former(backend, table)


def remove_if_former(backend: Backend, table: SearchTable) -> bool:
    """Remove the folder of a search table without a pin which no live writer names; returns whether it went."""
    folder = table.table.path
    aside = folder.with_name(f"{folder.name}.former")
    with backend.engine.write(durable=False) as conn:
        if pins.current(conn, (table.name,)) or litter.is_named(conn, backend, table):
            return False
        point("former.before_files")
        # Out of the way in this writer's turn: whoever makes the table anew must not find half of it.
        shutil.rmtree(aside, ignore_errors=True)
        if folder.exists():
            folder.rename(aside)
    table.table.forget()
    shutil.rmtree(aside, ignore_errors=True)
    return True


def _forget_some(backend: Backend, embedder: str) -> int:
    with backend.engine.write(durable=False) as conn:
        return 0 if embedder in _kept(conn) else moving.forget_some(conn, embedder, CONTENTS_PER_TURN)


def _kept(conn: Connection) -> set[str]:
    """Return the embedders whose rows are needed."""
    found = settings.embedder(conn), settings.moving_to(conn)
    return {each.name for each in found if each is not None}
