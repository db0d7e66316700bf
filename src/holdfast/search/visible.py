"""Which contents stand where: the tree's half of a search."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from holdfast import paths
from holdfast.catalog import entries
from holdfast.catalog.branches import Branch
from holdfast.catalog.engine import Connection, batches, within
from holdfast.catalog.entries import Entry
from holdfast.tree.committed import CommittedTree
from holdfast.tree.places import Places

#: entries read at a time for a batch of contents; a content that stands in more places is paged through
ENTRIES_PER_PAGE = 2000
#: other places of a content that a hit names
MOST_OTHERS = 10

NOT_IN_TREE, OUTSIDE = "not in the tree", "outside under"


@dataclass
class Visibility:
    """Where contents stand at one commit, below one path. Answers are remembered."""

    branch: Branch
    seq: int
    under: str
    #: the paths of each content that was asked about, best first; empty for one that is hidden
    shown: dict[str, list[str]] = field(default_factory=dict)
    #: why each hidden content is
    hidden: dict[str, str] = field(default_factory=dict)

    def look(self, conn: Connection, contents: Iterable[str]) -> None:
        """Find out about contents that were not asked about yet."""
        asked = [content for content in dict.fromkeys(contents) if content not in self.shown]
        places = Places(CommittedTree(within(conn), self.branch, self.seq))
        for batch in batches(asked):
            found = entries.of_contents(conn, self.branch, self.seq, batch, ENTRIES_PER_PAGE)
            places.load(entry.parent_id for entry in found)
            self._note(batch, found, places)
            if len(found) == ENTRIES_PER_PAGE:
                # Some content is everywhere, and may have pushed the others off the page.
                for content in batch:
                    if not self.shown[content]:
                        self._page_through(conn, content, places)

    def _note(self, contents: list[str], found: list[Entry], places: Places) -> None:
        for content in contents:
            self.shown.setdefault(content, [])
            self.hidden.setdefault(content, NOT_IN_TREE)
        for entry in found:
            path = places.path_of(entry)
            content = entry.content_id or ""
            if path is None:
                continue
            if paths.is_within(path, self.under):
                self.shown[content].append(path)
            elif not self.shown[content]:
                self.hidden[content] = OUTSIDE
        for content in contents:
            self.shown[content] = sorted(self.shown[content], key=lambda path: (path.count("/"), path))
            if self.shown[content]:
                self.hidden.pop(content, None)

    def _page_through(self, conn: Connection, content: str, places: Places) -> None:
        after = 0
        while not self.shown[content]:
            found = entries.of_content(conn, self.branch, self.seq, content, after, ENTRIES_PER_PAGE)
            if not found:
                return
            places.load(entry.parent_id for entry in found)
            self._note([content], found, places)
            after = found[-1].entry_id
