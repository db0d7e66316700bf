"""Finding what a removal or an overwriting may have hidden, by looking at what went and at nothing else (G9).

What ended after a commit is read in order of time. Below a directory that was removed all rows stand as they stood, so
they are found by walking down from it. Both go by pages, whatever the size of a commit or of a directory.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from holdfast.catalog.engine import Connection
from holdfast.catalog.history import departures

#: rows read at a time
PAGE = 500


@dataclass
class Departed:
    """A walk over all that went in (since, until]."""

    since: int
    until: int
    #: the branch whose rows are looked at; None for all
    branch_id: int | None = None
    #: rows read so far
    looked_at: int = 0
    #: whether there is nothing left to read
    done: bool = False
    _last: tuple[int, int] = (0, 0)
    #: removed directories still to be walked: the branch, the node, and the name to go on after
    _below: list[tuple[int, int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        # Past every entry that ended at `since` itself.
        self._last = (self.since + 1, 0)

    def page(self, conn: Connection) -> set[str]:
        """Read on, a page at most, and return the contents that were found; the head may show some of them still."""
        return self._children(conn) if self._below else self._ended(conn)

    def _ended(self, conn: Connection) -> set[str]:
        found = departures.after(conn, self.branch_id, self._last, self.until, PAGE)
        self.looked_at += len(found)
        self.done = len(found) < PAGE
        if found:
            self._last = (found[-1].seq, found[-1].entry_id)
        return self._sorted_out((each.branch_id, each.node_id, each.content_id) for each in found if not each.moved)

    def _children(self, conn: Connection) -> set[str]:
        branch_id, directory, name = self._below.pop()
        found = departures.children(conn, branch_id, directory, name, PAGE)
        self.looked_at += len(found)
        if len(found) == PAGE:
            self._below.append((branch_id, directory, found[-1].name))
        return self._sorted_out((branch_id, each.node_id, each.content_id) for each in found)

    def _sorted_out(self, gone: Iterable[tuple[int, int, str | None]]) -> set[str]:
        """Keep directories to be walked, and return what files held."""
        contents: set[str] = set()
        for branch_id, node, content_id in gone:
            if content_id is None:
                self._below.append((branch_id, node, ""))
            else:
                contents.add(content_id)
        self.done = self.done and not self._below
        return contents


@dataclass
class Abandoned:
    """A walk over what stood on a branch when that was deleted."""

    branch_id: int
    looked_at: int = 0
    done: bool = False
    _last: int = 0

    def page(self, conn: Connection) -> set[str]:
        """Read on, a page at most, and return the contents that were found; other branches may show some of them."""
        found = departures.standing(conn, self.branch_id, self._last, PAGE)
        self.looked_at += len(found)
        self.done = len(found) < PAGE
        if found:
            self._last = found[-1][0]
        return {content_id for _, content_id in found if content_id is not None}
