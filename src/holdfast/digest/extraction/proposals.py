"""What a model reported of a document as rows of the graph: what is wrong told, and what is right merged by key."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from holdfast.digest.extraction.asking import QUOTE, asked_of
from holdfast.errors import HoldfastError, InvalidRow
from holdfast.publish.graph_changes import TransactionGraph, parts_of, problems_of, put_row
from holdfast.rows.graph_rows import TYPE, Codecs
from holdfast.rows.schema.codec import FROM, TO
from holdfast.rows.schema.types import TypeSchema
from holdfast.rows.schema.values import shown
from holdfast.rows.sources import MAX_QUOTE, SOURCES, Source, held, with_sources
from holdfast.rows.stored import StoredRow, alike

#: wrong rows that a job's result tells of; of the others it says how many there are
TOLD = 50
#: times that rows are left out because of what they break together
ROUNDS = 100


@dataclass(frozen=True, slots=True)
class Proposal:
    """A row that a document tells of."""

    kind: TypeSchema
    row: StoredRow
    #: the words that say so
    quote: str | None

    @property
    def path(self) -> str:
        """What messages name it by."""
        return f"{self.kind.name} {self.row.key}"


@dataclass
class RowFindings:
    """What comes of what a model reported of one content."""

    proposals: list[Proposal] = field(default_factory=list)
    #: what is wrong with others: what was reported, and why it is not taken
    refused: list[dict[str, Any]] = field(default_factory=list)
    #: rows whose values somebody else said otherwise, each with the properties
    kept: list[str] = field(default_factory=list)
    #: rows whose quotes do not stand in the text
    unquoted: list[str] = field(default_factory=list)

    def told(self, counts: Mapping[str, int]) -> dict[str, Any]:
        """Return the result of the job."""
        return {
            "rows": dict(counts),
            "refused": len(self.refused),
            "wrong": self.refused[:TOLD],
            "kept": self.kept[:TOLD],
            "quotes_not_found": self.unquoted[:TOLD],
        }

    def refuse(self, row: object, reason: str) -> None:
        """Note a row that is not taken."""
        self.refused.append({"row": shown(row) if not isinstance(row, dict) else _short(row), "reason": reason})

    def drop(self, error: HoldfastError) -> bool:
        """Take out what an error is about; returns whether anything was."""
        found = self._about(error)
        if found is not None:
            self.proposals.remove(found)
            self.refused.append({"row": found.path, "reason": error.message})
        return found is not None

    def _about(self, error: HoldfastError) -> Proposal | None:
        # Of a node with too many edges it is the last that goes, and not the node.
        key = error.path.partition(" ")[2]
        edges = [each for each in self.proposals if key in (each.row.src, each.row.dst)]
        if "at most" in error.message and edges:
            return edges[-1]
        return next((each for each in self.proposals if each.path == error.path), None)


def findings_of(reported: Sequence[Any], codecs: Codecs, kinds: Sequence[TypeSchema]) -> RowFindings:
    """Return the rows that a report makes, nodes first; what is none of them is told with its reason."""
    found = RowFindings()
    known = {kind.name: kind for kind in kinds}
    by_place: dict[tuple[int, str], Proposal] = {}
    for said in reported:
        proposal = _proposal(said, codecs, known, found)
        if proposal is not None:
            place = (proposal.kind.id, proposal.row.key)
            there = by_place.get(place)
            by_place[place] = proposal if there is None else _together(there, proposal)
    found.proposals = sorted(by_place.values(), key=lambda each: each.kind.kind == "edge")
    return found


def _proposal(said: Any, codecs: Codecs, known: Mapping[str, TypeSchema], found: RowFindings) -> Proposal | None:
    if not isinstance(said, dict):
        found.refuse(said, "it is no object")
        return None
    name = said.get(TYPE)
    kind = known.get(name) if isinstance(name, str) else None
    if kind is None:
        found.refuse(said, f"there is no type {shown(name)} among those asked for: {', '.join(known)}")
        return None
    ends = {FROM, TO} if kind.kind == "edge" else set()
    own = {TYPE} | ({QUOTE} - kind.by_name.keys())
    values = {key: value for key, value in said.items() if value is not None and key not in own}
    asked = {*asked_of(kind), *ends}
    for key in sorted(values.keys() - asked):
        # What it makes up beside what was asked does not cost the rest of the row.
        found.refuse({TYPE: name, key: values.pop(key)}, f"{name} was not asked for {shown(key)}")
    quote = said.get(QUOTE)
    try:
        return Proposal(kind, codecs.stored(kind, values), quote if isinstance(quote, str) else None)
    except HoldfastError as error:
        found.refuse(said, error.message)
        return None


def _together(one: Proposal, other: Proposal) -> Proposal:
    """Return a row that two parts of a document tell of: what the first says holds."""
    data = {**other.row.data, **{name: value for name, value in one.row.data.items() if value is not None}}
    return Proposal(one.kind, replace(one.row, data=data), one.quote or other.quote)


def settled(found: RowFindings, begin: Callable[[], TransactionGraph], rests: "Resting") -> None:
    """Take out what would break a rule together with what there is, each told with its reason."""
    for left in range(ROUNDS, 0, -1):
        graph = begin()
        merge_into(graph, found, rests)
        errors = problems_of(graph)
        alone = [error for error in errors if isinstance(error, InvalidRow) and "there is no" in error.message]
        # Of two rows with one unique value the second is right when the first has gone: one at a time, then.
        dropped = [found.drop(error) for error in alone or (errors[:1] if left > 1 else errors)]
        if not any(dropped):
            return


def merge_into(graph: TransactionGraph, found: RowFindings, rests: "Resting") -> dict[str, int]:
    """Merge the rows into a transaction by their keys; returns how many of each type rest on the document now.

    What a row lacks is filled in. What it says already stays, unless it rests on this document alone and a job wrote
    it: then it is what an older state of the document said.
    """
    overlay, codecs = parts_of(graph)
    found.kept.clear()
    found.unquoted.clear()
    counts: dict[str, int] = {}
    for each in found.proposals:
        there = overlay.row(each.kind.id, each.row.key)
        row = each.row if there is None else _merged(codecs, each, there, rests, found)
        before = () if there is None else held(there.data)
        if each.quote and located(rests.text, each.quote) == (None, None):
            found.unquoted.append(each.path)
        put_row(graph, replace(row, data=with_sources(row.data, rests.joined(before, each.quote))))
        counts[each.kind.name] = counts.get(each.kind.name, 0) + 1
    return counts


def _merged(codecs: Codecs, each: Proposal, there: StoredRow, rests: "Resting", found: RowFindings) -> StoredRow:
    old = codecs.of(each.kind).settled(there.data)
    given = {name: value for name, value in each.row.data.items() if value is not None and name != SOURCES}
    if rests.owns(there):
        return replace(there, data={**old, **given})
    other = [name for name, value in given.items() if old.get(name) is not None and not alike(old[name], value)]
    if other:
        found.kept.append(f"{each.path}: {', '.join(each.kind.by_id[name].name for name in other)}")
    return replace(there, data={**given, **{name: value for name, value in old.items() if value is not None}})


@dataclass(frozen=True)
class Resting:
    """What rows of a document rest on: its content, at each place where it stands."""

    text: str
    content: str
    #: paths by node
    places: Mapping[int, str]
    #: says whether a job was the last to write the row of a commit
    by_job: Callable[[int], bool]

    def owns(self, row: StoredRow) -> bool:
        """Return whether only these files, in whatever state, say what a row says, and nobody changed it since."""
        found = held(row.data)
        return bool(found) and all(each.node in self.places for each in found) and self.by_job(row.seq)

    def joined(self, before: Sequence[Source], quote: str | None) -> list[Source]:
        """Return the sources of a row with these: for other states of the same files."""
        kept = [each for each in before if each.node not in self.places or each.content == self.content]
        return [*kept, *self._new(kept, quote)]

    def _new(self, kept: Sequence[Source], quote: str | None) -> list[Source]:
        known = {each.node for each in kept if each.content == self.content}
        lines, quote = located(self.text, quote)
        return [
            Source(path=path, content=self.content, lines=lines, quote=quote, node=node, commit=0)
            for node, path in sorted(self.places.items())
            if node not in known
        ]


def located(text: str, quote: str | None) -> tuple[tuple[int, int] | None, str | None]:
    """Return the lines of a text that a quote stands in, and the quote; nothing of one that does not stand there."""
    quote = (quote or "").strip()
    at = text.find(quote) if quote else -1
    if at < 0:
        return None, None
    first = text.count("\n", 0, at) + 1
    return (first, first + quote.count("\n")), quote if len(quote) <= MAX_QUOTE else None


def _short(row: Mapping[str, Any]) -> dict[str, str]:
    return {str(name)[:80]: shown(value) for name, value in list(row.items())[:20]}
