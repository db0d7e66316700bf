"""Walking a committed tree in pages: a page's questions share one SQL transaction, and none stays open in between."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from itertools import islice
from typing import TypeVar

from holdfast.catalog.engine import Connection, Read
from holdfast.host.held import held
from holdfast.tree.committed import CommittedTree
from holdfast.tree.walking import TreeView

T = TypeVar("T")

#: what the first page holds, and what one holds at most; each is twice as large as the one before
FIRST_PAGE, LARGEST_PAGE = 16, 1024


def in_pages(view: TreeView, walk: Callable[[TreeView], Iterator[T]], limit: int | None = None) -> Iterator[T]:
    """Yield what `walk` yields, at most `limit`; of a transaction under way nothing ahead of the caller."""
    if not isinstance(view, CommittedTree):
        yield from islice(walk(view), limit)
        return
    reader = _PageReader(view.read)
    found, size = islice(walk(replace(view, read=reader)), limit), FIRST_PAGE
    while True:
        with reader.page():
            page = list(islice(found, size))
        yield from page
        if len(page) < size:
            return
        size = min(2 * size, LARGEST_PAGE)


class _PageReader:
    """Gives the connection of the page being read."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._page: AbstractContextManager[Connection] | None = None

    def __call__(self) -> AbstractContextManager[Connection]:
        return self._page or self._read()

    @held
    def page(self) -> Iterator[None]:
        """Have all questions asked in one SQL transaction for as long as the context lasts."""
        with self._read() as conn:
            self._page = nullcontext(conn)
            try:
                yield
            finally:
                self._page = None
