"""What a search gives back."""

from dataclasses import dataclass, field
from typing import Any, Literal

from holdfast.index.text.highlights import marks

#: by what passages are found: words, meaning, or both
SearchMode = Literal["hybrid", "text", "vector"]
#: what a hit is: a document with its best passages, or each passage by itself
HitKind = Literal["document", "passage"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreBreakdown:
    """Where a hit's score comes from."""

    #: 1-based place in the full-text list, and its BM25 score; None when full text did not find it
    text_rank: int | None
    text_score: float | None
    #: 1-based place in the vector list, and its cosine similarity; None when the vectors did not find it
    vector_rank: int | None
    vector_score: float | None
    #: what each list added to the fused score
    from_text: float
    from_vector: float
    #: what each sign added to that (search/rerank.py); 0 where one list alone gave the order
    from_subject: float
    from_phrase: float
    from_coverage: float
    from_opening: float
    from_pointers: float
    from_links: float
    #: what the score of a row lost that stands beyond those which the signs are looked for in (search/order.py)
    from_depth: float
    #: `tail`, `table` or `history`: where the row was
    place: str
    #: the words of the query, as they are looked for, that the passage, its title or its path holds
    matched: tuple[str, ...]
    #: and those that none of them holds
    missing: tuple[str, ...]
    #: by how much more of each part the hit above has it, the greatest difference first; empty for the first hit
    behind: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class HitPassage:
    """One of the passages of a document that a search found."""

    #: the headings the passage stands under, `A > B`
    heading: str
    #: as it stands in the Markdown rendition at [start, end)
    text: str
    #: characters into the Markdown rendition
    start: int
    end: int
    #: 1-based; None where the format has no pages
    page: int | None
    #: higher is better; comparable within one search only
    score: float
    #: what full text looked for
    terms: tuple[str, ...]
    #: of the document, as `Hit.language`
    language: str

    @property
    def marks(self) -> tuple[tuple[int, int], ...]:
        """Spans of `text` that the query matched, as (start, end), in order."""
        return marks(self.text, self.terms, self.language)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A document that a search found, at its best passage; or one passage, where passages were asked for."""

    path: str
    #: of the document; its file name when it has no other
    title: str
    #: the headings the passage stands under, `A > B`
    heading: str
    #: the passage, as it stands in the Markdown rendition at [start, end)
    text: str
    #: characters into the Markdown rendition
    start: int
    end: int
    #: 1-based; None where the format has no pages
    page: int | None
    #: higher is better; comparable within one search only
    score: float
    #: the commit at which the store was searched
    commit: int
    content_id: str
    #: other paths that hold the same content, and those of documents that say nearly the same; at most 10
    also: tuple[str, ...]
    #: the best passages of the document, the best first, which the hit is at; as many as were asked for
    passages: tuple[HitPassage, ...]
    #: what the file is when no person wrote it ("a lock file", "minified"), for which it is ranked last; None of others
    generated: str | None
    #: where to go on from, as `search(after=...)` takes it
    cursor: str
    #: what full text looked for
    terms: tuple[str, ...]
    #: of the document, as a code of two letters; `en` as well when it could not be told
    language: str
    why: ScoreBreakdown

    @property
    def marks(self) -> tuple[tuple[int, int], ...]:
        """Spans of `text` that the query matched, as (start, end), in order."""
        return marks(self.text, self.terms, self.language)


@dataclass(kw_only=True)
class Explanation:
    """How a search found its hits: candidates, what was hidden, and the time of each stage."""

    query: str
    mode: str
    under: str
    commit: int
    #: what full text looked for
    terms: list[str]
    hits: list[Hit] = field(default_factory=list)
    #: how many hits stand before these, on the pages before
    before: int = 0
    #: where the next page begins; None when there are no more hits
    cursor: str | None = None
    #: rows that were looked at, by list: `text`, `vector`
    candidates: dict[str, int] = field(default_factory=dict)
    #: contents that were found and not shown, by reason: `not in the tree`, `outside under`
    hidden: dict[str, int] = field(default_factory=dict)
    #: how often more candidates had to be fetched
    rounds: int = 0
    #: how the rows were restricted: `none`, or `prefilter` with the contents below `under`
    filter: str = "none"
    tail_rows: int = 0
    #: milliseconds by stage
    milliseconds: dict[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return all but the hits, for `--json`."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "hits"}
