"""Pages of found rows: the question, its answer up to a limit, and the cursor that goes on behind it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from holdfast.catalog.graph.log import End
from holdfast.cursors import PagedQuestion
from holdfast.filters import parsed_filter
from holdfast.rows.finding.asking import row_filter
from holdfast.rows.finding.matching import RowFilter
from holdfast.rows.finding.ordering import order_of
from holdfast.rows.graph_rows import Codecs
from holdfast.rows.schema.codec import key_part
from holdfast.rows.schema.types import TypeSchema
from holdfast.rows.stored import StoredRow
from holdfast.rows.walking import RowView

if TYPE_CHECKING:
    import pyarrow as pa

T = TypeVar("T")


@dataclass(frozen=True)
class Question:
    """Which rows of which type are asked for, and in which order."""

    #: the name of the type
    type: str
    where: Mapping[str, Any]
    order: str

    def place(self, cursor: str, branch: int) -> tuple[int, str]:
        """Return the commit and the key that a cursor names; raises Unsupported for one of another question."""
        commit, key = self._paged(branch).place(cursor, (int, str))
        return commit, key

    def cursor(self, branch: int, commit: int, key: str) -> str:
        """Return the cursor of the place behind a row."""
        return self._paged(branch).cursor(commit, key)

    def _paged(self, branch: int) -> PagedQuestion:
        # What is no filter is refused as such.
        parsed_filter(self.where)
        parts = {"type": self.type, "where": self.where, "order": self.order, "branch": branch}
        return PagedQuestion("find", parts)


@dataclass(frozen=True, slots=True)
class RowPage:
    """A part of an answer."""

    kind: TypeSchema
    rows: tuple[StoredRow, ...]
    #: goes on behind it; None where that is the end
    cursor: str | None


class RowList(list[T]):
    """The rows that were found, as a list, and as tables of Arrow and pandas."""

    def __init__(self, rows: Iterable[T], page: RowPage, codecs: Codecs) -> None:
        super().__init__(rows)
        #: goes on behind these when it is given with the same question; None when there are no more
        self.cursor: str | None = page.cursor
        self._page = page
        self._codecs = codecs

    def arrow(self) -> "pa.Table":
        """Return the rows as a table of Arrow, which polars takes too; texts of JSON, decimals as texts."""
        from holdfast.rows.finding.tables import table_of

        return table_of(self._codecs, self._page.kind, self._page.rows)

    def pandas(self) -> Any:
        """Return the rows as a data frame; raises ModuleNotFoundError where pandas is not installed."""
        return self.arrow().to_pandas()


def found_page(view: RowView, codecs: Codecs, asked: Question, *, limit: int | None, cursor: str | None) -> RowPage:
    """Return the first rows of an answer, or those behind a cursor."""
    kind = codecs.schema.type_named(asked.type)
    wanted, order = row_filter(codecs, kind, asked.where), order_of(kind, asked.order)
    after = asked.place(cursor, view.branch.id)[1] if cursor is not None else ""
    # One more than is wanted tells whether there are others.
    most = None if limit is None else limit + 1
    if order.by is None and limit is not None and not wanted.equalities():
        found = list(islice(view.in_order(wanted, after), most))
    else:
        last = view.rows(kind.id, [after]).get(after) if after else None
        found = list(order.first(matching(view, wanted), last, most))
    more = limit is not None and len(found) > limit
    rows = tuple(found[:limit])
    at = asked.cursor(view.branch.id, view.seq, rows[-1].key) if more and rows else None
    return RowPage(kind, rows, at)


def matching(view: RowView, wanted: RowFilter) -> Iterator[StoredRow]:
    """Yield the rows of a type that meet a filter, in no order, found by what is looked up if anything is."""
    found = _looked_up(view, wanted)
    return view.matching(wanted) if found is None else filter(wanted.holds, found)


def _looked_up(view: RowView, wanted: RowFilter) -> Iterable[StoredRow] | None:
    kind, equal = wanted.kind, wanted.equalities()
    ends: tuple[tuple[str, End], ...] = (("from", "src"), ("to", "dst"))
    for name, end in ends:
        if name in equal:
            return view.touching(kind.id, end, [equal[name]])
    if kind.kind == "node" and len(kind.keys) == 1 and (key := equal.get(str(kind.keys[0].id))) is not None:
        return view.rows(kind.id, [key_part(key)]).values()
    for each in kind.live:
        value = equal.get(str(each.id))
        # Of a list a look-up finds the whole alone, and not by its items.
        if (each.unique or each.index) and not each.type.item and value is not None and value != each.initial:
            return view.with_value(kind.id, each.id, value)
    return None
