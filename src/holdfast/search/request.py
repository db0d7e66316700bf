"""A search as the caller states it, and the pages of its answer."""

from dataclasses import dataclass
from functools import cached_property

from holdfast.catalog.branches import Branch
from holdfast.catalog.properties.conditions import Condition
from holdfast.cursors import PagedQuestion
from holdfast.errors import Unsupported
from holdfast.search.hits import HitKind, SearchMode

HYBRID, TEXT, VECTOR = "hybrid", "text", "vector"
MODES = (HYBRID, TEXT, VECTOR)
KINDS = ("document", "passage")
#: hits that one page may have, and passages that one hit may have
MOST_HITS, MOST_PASSAGES = 1000, 100
#: characters of a content's id that a cursor has
_SHORT = 16


def check_query(query: str, mode: str, limit: int) -> None:
    """Raise Unsupported for a query, a mode or a limit that cannot be."""
    if mode not in MODES:
        raise Unsupported(f"There is no search mode {mode!r}", remedy=f"Use one of {', '.join(MODES)}")
    try:
        query.encode()
    except UnicodeEncodeError as error:
        # Half a character, as the command line makes of bytes that are no UTF-8.
        raise Unsupported(f"{query[:60]!r} is not valid Unicode", remedy="Write it in UTF-8") from error
    if not 0 < limit <= MOST_HITS:
        raise Unsupported(f"A search gives 1 to {MOST_HITS} hits, not {limit}")


@dataclass(frozen=True)
class Left:
    """Where the page before ended."""

    #: how many hits stood on the pages so far
    count: int
    #: the last of them: the first characters of its content's id, and the number of its passage
    content: str
    ordinal: int


@dataclass(frozen=True)
class SearchRequest:
    """A search as the caller states it; `under` is parsed."""

    query: str
    under: str
    limit: int
    mode: SearchMode
    branch: Branch
    #: the commit to search at
    seq: int
    #: what the properties of a file have to meet; None for any
    condition: Condition | None = None
    #: what a hit is
    by: HitKind = "document"
    #: passages of a hit, at most
    passages: int = 3
    #: where the page before ended; None for the first page
    left: Left | None = None
    #: the id of the store
    store: str = ""

    def check(self) -> None:
        """Raise Unsupported for what cannot be."""
        check_query(self.query, self.mode, self.limit)
        if self.by not in KINDS:
            raise Unsupported(f"There is no kind of hit {self.by!r}", remedy=f"Use one of {', '.join(KINDS)}")
        if not 0 < self.passages <= MOST_PASSAGES:
            raise Unsupported(f"A hit has 1 to {MOST_PASSAGES} passages, not {self.passages}")

    def cursor(self, count: int, content_id: str, ordinal: int) -> str:
        """Return the cursor of a hit: how many there are up to it, and which it is."""
        return self._question.cursor(self.seq, count, content_id[:_SHORT], ordinal)

    def left_at(self, cursor: str) -> tuple[int, Left]:
        """Return the commit that the pages are of, and where the last one ended; raises Unsupported."""
        seq, count, content, ordinal = self._question.place(cursor, [int, int, str, int])
        if count < 1 or len(content) != _SHORT or ordinal < 0:
            self._question.refuse(cursor)
        return seq, Left(count, content, ordinal)

    @cached_property
    def _question(self) -> PagedQuestion:
        parts = {"query": self.query, "mode": self.mode, "path below which it searches": self.under}
        parts |= {"filter": repr(self.condition), "kind of hits": self.by, "branch": str(self.branch.id)}
        parts |= {"store": self.store}
        return PagedQuestion("search", parts)
