"""Rows that no index has yet, analysed in memory: what the log says over a base, and a base without search columns."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from holdfast.catalog.branches import Branch
from holdfast.catalog.engine import Connection
from holdfast.catalog.graph import log
from holdfast.catalog.graph.log import LogRow, LogSpan
from holdfast.graph.searching.bases import Overtaken, SearchedBase
from holdfast.index.bm25 import CorpusStats
from holdfast.index.tailset import TailSet
from holdfast.rows.schema.types import TypeSchema
from holdfast.rows.searched.texts import RowTexts
from holdfast.rows.stored import StoredRow, stored

#: returns the vector of each text
Embed = Callable[[Iterable[str]], dict[str, bytes]]


@dataclass(frozen=True, slots=True)
class AnalysedRow:
    """A row with what it is found by."""

    row: StoredRow
    #: separated by single spaces
    terms: str
    #: little-endian float32; empty where nothing of the type is searched by meaning
    vector: bytes


@dataclass
class RowTail:
    """The rows of one type that are scored one by one, as they stand at one commit."""

    kind: TypeSchema
    embed: Embed
    #: the commit
    seq: int
    rows: TailSet[AnalysedRow] = field(default_factory=TailSet)
    #: the base that the log is over, where it can be searched; the rows of another are among those of the tail
    base: SearchedBase | None = None
    #: what the log says of rows of the base, removed ones too: it has nothing more to say of them
    overtaken: Overtaken = field(default_factory=Overtaken)

    def __post_init__(self) -> None:
        self._texts = RowTexts(self.kind)

    def advance(self, conn: Connection, branch: Branch, seq: int) -> None:
        """Take in what the log says up to a later commit."""
        if seq > self.seq:
            self._take(log.of_type(conn, LogSpan(branch, self.seq, seq), self.kind.id))
            self.seq = seq

    def stats(self, query: Sequence[str]) -> CorpusStats:
        """Return the statistics of all rows that stand, of the base too."""
        found = self.rows.stats(query)
        return found if self.base is None else found + self.base.stats(query) + self.overtaken.stats(query)

    def put(self, rows: Iterable[StoredRow]) -> None:
        """Have rows be searched, in the place of those with their keys."""
        self.rows.add({each.row.key: each for each in self._analysed(list(rows))})

    def _take(self, said: list[LogRow]) -> None:
        standing = [row for row in map(stored, said) if row is not None]
        self.rows.remove({row.key for row in said} - {row.key for row in standing})
        if self.base is not None:
            self.overtaken.add((row.key for row in said), self.base.terms)
        self.put(standing)

    def _analysed(self, rows: list[StoredRow]) -> Iterator[AnalysedRow]:
        meant = [self._texts.meaning(row.data) for row in rows] if self._texts.by_meaning else []
        vectors = self.embed(meant) if meant else {}
        for place, row in enumerate(rows):
            yield AnalysedRow(row, self._texts.words(row.data), vectors[meant[place]] if meant else b"")
