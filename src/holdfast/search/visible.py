"""Which contents stand where: the tree's half of a search.

Whether a content stands is asked of every candidate, and one place answers it. All its places are read for the hits.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from holdfast import paths
from holdfast.catalog import entries
from holdfast.catalog.branches import Branch
from holdfast.catalog.engine import Connection, batches, within
from holdfast.catalog.entries import ContentPlace
from holdfast.catalog.properties import matching
from holdfast.catalog.properties.conditions import Condition
from holdfast.search.answers.generated import named_as
from holdfast.tree.committed import CommittedTree
from holdfast.tree.places import Places

#: places read at a time for a batch of contents; a content that has more is paged through
ENTRIES_PER_PAGE = 2000
#: contents whose places are read at a time
CONTENTS_PER_PAGE = 20
#: other places of a content that a hit names
MOST_OTHERS = 10

NOT_IN_TREE, OUTSIDE, OTHERWISE = "not in the tree", "outside under", "not as where says"


@dataclass
class Visibility:
    """Where contents stand at one commit, below one path. Answers are remembered."""

    branch: Branch
    seq: int
    under: str
    #: what the properties of a place have to meet; None for any
    condition: Condition | None = None
    #: the contents that were asked about and stand
    shown: set[str] = field(default_factory=set)
    #: those of them that no person wrote, as their names say
    generated: set[str] = field(default_factory=set)
    #: why each of the others is hidden
    hidden: dict[str, str] = field(default_factory=dict)
    #: the paths of the contents whose places were read, best first
    paths: dict[str, list[str]] = field(default_factory=dict)
    #: whether the properties that were asked about meet the condition
    _met: dict[str | None, bool] = field(default_factory=dict)
    #: where directories stand, as far as they were read
    _directories: Places | None = None

    def look(self, conn: Connection, contents: Iterable[str]) -> None:
        """Find out which contents stand, of those that were not asked about yet."""
        asked = [each for each in dict.fromkeys(contents) if each not in self.shown and each not in self.hidden]
        places = self._places(conn)
        if self.condition is None:
            somewhere = entries.somewhere(conn, self.branch, self.seq, asked)
        else:
            somewhere = matching.somewhere(conn, self.branch, self.seq, asked, self.condition)
        places.load(place.parent_id for place in somewhere.values())
        why = NOT_IN_TREE if self.condition is None else OTHERWISE
        self.hidden.update((content, why) for content in asked if content not in somewhere)
        tops = {parent: places.path(parent) for parent in {place.parent_id for place in somewhere.values()}}
        under = {parent for parent, top in tops.items() if top is not None and paths.is_within(top, self.under)}
        self.shown.update(content for content, place in somewhere.items() if place.parent_id in under)
        # Below a directory that was removed, or elsewhere: another place may do.
        self._look_closely(conn, [content for content in somewhere if content not in self.shown], places)
        for content, place in somewhere.items():
            name = paths.split(self.paths[content][0])[1] if content in self.paths else place.name
            if named_as(name) is not None:
                self.generated.add(content)

    def read_paths(self, conn: Connection, contents: Iterable[str]) -> None:
        """Read where contents that stand do."""
        self._look_closely(conn, [content for content in contents if content not in self.paths], self._places(conn))

    def _places(self, conn: Connection) -> Places:
        tree = CommittedTree(within(conn), self.branch, self.seq)
        if self._directories is None:
            self._directories = Places(tree)
        # What was read of the commit stays true; what is read next is asked in this transaction.
        self._directories.tree = tree
        return self._directories

    def _look_closely(self, conn: Connection, asked: list[str], places: Places) -> None:
        for batch in batches(asked, CONTENTS_PER_PAGE):
            found = entries.of_contents(conn, self.branch, self.seq, batch, ENTRIES_PER_PAGE)
            places.load(entry.parent_id for entry in found)
            self._compare(conn, found)
            self._note(batch, found, places)
            if len(found) == ENTRIES_PER_PAGE:
                # Some content is everywhere, and may have pushed the others off the page.
                for content in batch:
                    if content not in self.paths:
                        self._page_through(conn, content, places)

    def _compare(self, conn: Connection, found: list[ContentPlace]) -> None:
        """Find out which properties meet the condition."""
        if self.condition is None:
            return
        self._met.setdefault(None, self.condition.holds({}))
        asked = {entry.properties_id for entry in found if entry.properties_id} - self._met.keys()
        met = matching.among(conn, self.condition, asked)
        self._met.update((each, each in met) for each in asked)

    def _note(self, contents: list[str], found: list[ContentPlace], places: Places) -> None:
        for content in contents:
            self.hidden.setdefault(content, NOT_IN_TREE)
        tops = {parent: places.path(parent) for parent in {entry.parent_id for entry in found}}
        for entry in found:
            top = tops[entry.parent_id]
            if top is None:
                continue
            path = paths.join(top, entry.name)
            if not self._met.get(entry.properties_id, self.condition is None):
                self.hidden[entry.content_id] = OTHERWISE
            elif paths.is_within(path, self.under):
                self.paths.setdefault(entry.content_id, []).append(path)
            else:
                self.hidden[entry.content_id] = OUTSIDE
        for content in contents:
            if content in self.paths:
                self.paths[content].sort(key=lambda path: (path.count("/"), path))
                self.shown.add(content)
                self.hidden.pop(content, None)

    def _page_through(self, conn: Connection, content: str, places: Places) -> None:
        after = 0
        while content not in self.paths:
            found = entries.of_content(conn, self.branch, self.seq, content, after, ENTRIES_PER_PAGE)
            if not found:
                return
            places.load(entry.parent_id for entry in found)
            self._compare(conn, found)
            self._note([content], found, places)
            after = found[-1].entry_id
