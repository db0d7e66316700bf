"""How much the database did, in steps of its machine: a measure of cost that a busy computer does not change."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import Any

from holdfast.front.store import Store
from holdfast.testing.seams import rooms

#: steps of SQLite's machine that are counted at a time
GRAIN = 10


class Effort:
    """Counts what the statements on a store's catalog do while the context lasts, in all threads."""

    def __init__(self, store: Store) -> None:
        self._engine: Any = rooms(store).engine
        self._plain = self._engine.read, self._engine.write
        self.begin()

    def begin(self) -> None:
        """Count anew."""
        self.reads = 0
        #: in the turns to write, for which everybody else waits
        self.in_turns = 0

    @property
    def total(self) -> int:
        return self.reads + self.in_turns

    def __enter__(self) -> "Effort":
        self._engine.read = lambda: self._counted(self._plain[0](), "reads")
        self._engine.write = lambda **how: self._counted(self._plain[1](**how), "in_turns")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._engine.read, self._engine.write = self._plain

    @contextmanager
    def _counted(self, transaction: AbstractContextManager[Any], name: str) -> Iterator[Any]:
        def tick() -> None:
            setattr(self, name, getattr(self, name) + GRAIN)

        with transaction as conn:
            conn.raw.set_progress_handler(tick, GRAIN)
            try:
                yield conn
            finally:
                conn.raw.set_progress_handler(None, 0)
