"""What rows rest on, and what rests on files: each source with what has become of it since."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

from holdfast import paths
from holdfast.backend import Backend
from holdfast.catalog import contents, entries
from holdfast.catalog.engine import batches
from holdfast.catalog.entries import Entry
from holdfast.catalog.graph import log
from holdfast.catalog.graph.log import LogSpan
from holdfast.rows import sources
from holdfast.rows.committed import CommittedRows
from holdfast.rows.graph_rows import Codecs, key_of
from holdfast.rows.schema.types import TypeSchema
from holdfast.rows.sources import Source
from holdfast.rows.stored import StoredRow
from holdfast.tree import walking
from holdfast.tree.committed import CommittedTree
from holdfast.tree.places import Places

#: what has become of a source: it stands as it was, it holds something else now, or it stands no longer
SourceState = Literal["current", "changed", "gone"]
#: files below a directory that are asked about at once
FILES_AT_ONCE = 500
#: files below a directory up to which they are looked through, though rows rest on more elsewhere
FEW_FILES = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """One source of one row, and what has become of it."""

    #: the name of the row's type
    type: str
    #: what the row is known by, as in a `GraphRow`
    key: Any
    #: as it was when the row was said to rest on it
    source: Source
    state: SourceState
    #: where the file stands now; of one that is gone where it stood at the source's commit, None of a content alone
    path: str | None


@dataclass(frozen=True)
class Provenances:
    """The sources of the rows of a branch at one commit."""

    backend: Backend
    rows: CommittedRows
    codecs: Codecs
    tree: CommittedTree

    def why(self, kind: TypeSchema, row: StoredRow) -> list[Provenance]:
        """Return what a row rests on."""
        return self._of_rows([(kind, row)])

    def rests_on(self, path: str) -> Iterator[Provenance]:
        """Yield what rests on the file at a parsed path, or on any below it, or did when one stood there.

        In order of type and key, of one file after another.
        """
        entry = walking.standing(self.tree, path)
        told: set[tuple[str, str, Source]] = set()
        for anchors in self._anchors(path, entry):
            for each in self._resting(anchors):
                place = (each.type, repr(each.key), each.source)
                # One that was named as a content is found by what holds it.
                if place not in told and (each.path is None or paths.is_within(each.path, path)):
                    told.add(place)
                    yield each

    def rests_on_content(self, content: str) -> Iterator[Provenance]:
        """Yield what rests on a content that was named by its id."""
        yield from (each for each in self._resting([sources.content_anchor(content)]) if each.source.content == content)

    def _anchors(self, path: str, entry: Entry | None) -> Iterator[list[str]]:
        yield [sources.path_anchor(path), *(_anchors_of(entry) if entry else [])]
        if entry is not None and entry.is_dir:
            yield from self._anchors_below(path, entry)
        if entry is None or entry.is_dir:
            # What stood below it once, and does no longer.
            yield from self._noted(sources.path_anchor("/" if path == paths.ROOT else f"{path}/"))

    def _anchors_below(self, path: str, top: Entry) -> Iterator[list[str]]:
        """Yield what rows are found by that rest on files below a directory: of all files, or of all that any rest on.

        Whichever are few: near the root of a large tree the files are not, and most have nothing to do with the graph.
        """
        files = self._few_below(path, top) if self._are_many_noted() else None
        if files is not None:
            for some in batches(files, FILES_AT_ONCE):
                yield [anchor for each in some for anchor in _anchors_of(each)]
            return
        for some in self._noted(sources.NODE):
            places = Places(self.tree)
            nodes = {int(each.removeprefix(sources.NODE)): each for each in some}
            places.load(nodes)
            yield [each for node, each in nodes.items() if places.is_below(node, top.node_id)]
        for some in self._noted(sources.CONTENT):
            yield [each for each in some if self._stands_below(each.removeprefix(sources.CONTENT), top.node_id)]

    def _are_many_noted(self) -> bool:
        first, second = (sources.NODE, sources.CONTENT)
        return sum(len(self._noted_after((each, _after(each)), FEW_FILES)) for each in (first, second)) >= FEW_FILES

    def _few_below(self, path: str, top: Entry) -> list[Entry] | None:
        """Return the files below a directory, or None when there is more than a few below it."""
        found = [each for _, each in islice(walking.walk(self.tree, top, path), FEW_FILES + 1)]
        return [each for each in found if not each.is_dir] if len(found) <= FEW_FILES else None

    def _noted(self, prefix: str) -> Iterator[list[str]]:
        """Yield what rows are found by that begins with a text, in order."""
        after = prefix
        while some := self._noted_after((after, _after(prefix)), FILES_AT_ONCE):
            yield some
            after = some[-1]

    def _noted_after(self, place: tuple[str, str], limit: int) -> list[str]:
        span = LogSpan(self.rows.branch, 0, self.rows.seq)
        with self.rows.read() as conn:
            return log.values_from(conn, span, [-kind.id for kind in self.codecs.schema.live], place, limit)

    def _stands_below(self, content: str, top: int) -> bool:
        places = Places(self.tree)
        after = 0
        with self.tree.read() as conn:
            while found := entries.of_content(conn, self.tree.branch, self.tree.seq, content, after, FILES_AT_ONCE):
                if any(places.is_below(each.parent_id, top) for each in found):
                    return True
                after = found[-1].entry_id
        return False

    def _resting(self, anchors: Sequence[str]) -> Iterator[Provenance]:
        """Yield the sources of all rows that the log or a load noted with one of `anchors`."""
        span = LogSpan(self.rows.branch, 0, self.rows.seq)
        for kind in sorted(self.codecs.schema.live, key=lambda kind: kind.name):
            with self.rows.read() as conn:
                keys = log.with_value(conn, span, -kind.id, anchors)
            for some in batches(sorted(keys), FILES_AT_ONCE):
                found = self.rows.rows(kind.id, some)
                standing = [(kind, found[key]) for key in some if key in found]
                yield from (each for each in self._of_rows(standing) if _is_among(each.source, anchors))

    def _of_rows(self, found: Sequence[tuple[TypeSchema, StoredRow]]) -> list[Provenance]:
        held = [(kind, row, source) for kind, row in found for source in sources.held(row.data)]
        with self.tree.in_one_read() as tree:
            places = Places(tree)
            places.load(source.node for _, _, source in held if source.node is not None)
            states = _States(self.backend, tree, places)
            return [
                Provenance(
                    type=kind.name,
                    key=key_of(kind, row, self.codecs.values(row)),
                    source=source,
                    state=states.of(source)[0],
                    path=states.of(source)[1],
                )
                for kind, row, source in held
            ]


class _States:
    """What has become of sources at one commit."""

    def __init__(self, backend: Backend, tree: CommittedTree, places: Places) -> None:
        self._backend = backend
        self._tree = tree
        self._places = places
        self._known: dict[tuple[object, ...], tuple[SourceState, str | None]] = {}

    def of(self, source: Source) -> tuple[SourceState, str | None]:
        """Return the state of a source, and where the file stands."""
        asked = (source.node, source.path, source.content)
        if asked not in self._known:
            self._known[asked] = self._of(source)
        return self._known[asked]

    def _of(self, source: Source) -> tuple[SourceState, str | None]:
        if source.path is None:
            return ("current" if self._stands(source.content or "") else "gone"), None
        path = self._places.path(source.node) if source.node is not None else None
        entry = self._places.entry(source.node) if path is not None and source.node is not None else None
        if entry is None:
            # Another file may have come in its place.
            path, entry = source.path, walking.standing(self._tree, source.path)
        if entry is None or entry.content_id is None:
            return "gone", source.path
        return ("current" if entry.content_id == source.content else "changed"), path

    def _stands(self, content: str) -> bool:
        with self._tree.read() as conn:
            if contents.get(conn, content) is None:
                return False
            return any(
                self._places.path(each.parent_id) is not None
                for each in entries.of_contents(conn, self._tree.branch, self._tree.seq, [content], FILES_AT_ONCE)
            )


def _anchors_of(entry: Entry) -> list[str]:
    held = [] if entry.content_id is None else [sources.content_anchor(entry.content_id)]
    return [sources.node_anchor(entry.node_id), *held]


def _is_among(source: Source, anchors: Iterable[str]) -> bool:
    return not set(sources.anchors(source)).isdisjoint(anchors)


def _after(text: str) -> str:
    """Return a text that comes after all that begin with one."""
    return text[:-1] + chr(ord(text[-1]) + 1)
