"""Rows that no index has yet, analysed in memory: what the log says over a base, and a base without search columns."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

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
    #: little-endian float32; empty where nothing of the type is searched by meaning, or no search did so yet
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
        #: rows whose vectors no search has needed so far
        self._plain: dict[str, AnalysedRow] = {}

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
        found = {row.key: AnalysedRow(row, self._texts.words(row.data), b"") for row in rows}
        self.rows.add(found)
        if self._texts.by_meaning:
            self._plain |= found

    def embed_rows(self) -> None:
        """Make the vectors that are missing; what the embedder raises is raised, and they stay missing."""
        if not self._plain:
            return
        meant = {key: self._texts.meaning(each.row.data) for key, each in self._plain.items()}
        vectors = self.embed(meant.values())
        self.rows.add({key: replace(each, vector=vectors[meant[key]]) for key, each in self._plain.items()})
        self._plain.clear()

    def _take(self, said: list[LogRow]) -> None:
        standing = [row for row in map(stored, said) if row is not None]
        gone = {row.key for row in said} - {row.key for row in standing}
        self.rows.remove(gone)
        self._plain = {key: each for key, each in self._plain.items() if key not in gone}
        if self.base is not None:
            self.overtaken.add((row.key for row in said), self.base.terms)
        self.put(standing)
