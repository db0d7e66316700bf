"""Writes a note, rewrites it and folds it, and prints every row of the catalog that comes, changes or goes meanwhile.

`python -m tools.follow_a_note` prints what docs/architecture.md shows; a test compares the two.
"""

import re
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import holdfast

#: a table, the rows of it by their key
Rows = dict[tuple[str, Any], tuple[Any, ...]]

#: what is shown of a table, its key first
SHOWN = {
    "intents": "intent_id AS intent, kind, state",
    "commits": "seq, parent_seq AS parent, message",
    "branches": "name, head_seq AS head",
    "entries": "entry_id AS entry, node_id AS node, parent_id AS parent, name, content_id AS content, from_seq, to_seq",
    "contents": "content_id AS content, size, inline",
    "inline_bytes": "content_id AS content, length(data) AS bytes",
    "searchable": "content_id AS content, place, chunks",
    "tail": "row_id AS row, content_id AS content, text",
    "pins": "pin_id AS pin, substr(table_name, -7) = 'history' AS history, version, superseded_at IS NULL AS current",
}


class Watched:
    """A store's catalog as another process sees it, and what has become different in it since the last look."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "catalog.db"
        self._names: dict[str, str] = {}
        self._columns: dict[str, list[str]] = {}
        self._last = self._rows()

    def news(self) -> Iterator[str]:
        """Yield a line for each row that came, changed or went."""
        before, self._last = self._last, self._rows()
        for key in sorted(before | self._last, key=lambda key: [*SHOWN].index(key[0])):
            old, new = before.get(key), self._last.get(key)
            if old != new:
                yield self._line(key[0], old, new)

    def _rows(self) -> Rows:
        found: Rows = {}
        with closing(sqlite3.connect(self._path)) as conn:
            for table, columns in SHOWN.items():
                cursor = conn.execute(
                    f"SELECT {columns} FROM {table} ORDER BY {'started' if table == 'intents' else 1}"
                )
                self._columns[table] = [column[0] for column in cursor.description]
                found.update({(table, row[0]): row for row in cursor})
        return found

    def _line(self, table: str, old: tuple[Any, ...] | None, new: tuple[Any, ...] | None) -> str:
        sign = "+" if old is None else "-" if new is None else "~"
        row = new or old or ()
        cells = [
            f"{name} {self._value(old[place])} -> {self._value(value)}"
            if old and new and old[place] != value
            else f"{name} {self._value(value)}"
            for place, (name, value) in enumerate(zip(self._columns[table], row, strict=True))
        ]
        return f"{sign} {table}: {', '.join(cells)}"

    def _value(self, value: Any) -> str:
        text = str(value)
        if value == 2**63 - 1:
            return "forever"
        if re.fullmatch("[0-9a-f]{64}", text):
            return f"{text[:6]}.."
        if re.fullmatch(r"[0-9a-f]{32}|\d{12,}", text):  # made at random: an intent, a table's version
            return self._names.setdefault(text, chr(ord("A") + len(self._names)))
        return repr(value) if " " in text else text


def followed() -> Iterator[str]:
    """Yield what is printed."""
    seen: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "kb"
        store = holdfast.create(place, components=holdfast.Components(upkeep=False))
        store.close()
        watched = Watched(place)

        def at(name: str) -> None:
            if name == "publish.before_commit":
                seen.extend((*watched.news(), "COMMIT"))

        with holdfast.open(place, components=holdfast.Components(upkeep=False, faults=at)) as store:
            for title, change in (
                ("A note is written", lambda: store.write("/notes/disks.md", "The new disk answers quickly.")),
                ("It is rewritten", lambda: store.write("/notes/disks.md", "The new disk is slow.")),
                ("Upkeep folds, retires and indexes", store.maintenance.optimize),
            ):
                seen.clear()
                change()
                yield from (f"{title}:", *(f"  {line}" for line in (*seen, *watched.news())))


if __name__ == "__main__":
    print("\n".join(followed()))  # noqa: T201
