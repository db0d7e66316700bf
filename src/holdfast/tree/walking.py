"""Walking a tree of entries: the same for a committed snapshot and for a transaction under way.

A `TreeView` answers what is called so under a node and what is under it; everything here is built on those two.
"""

import fnmatch
import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import pairwise, repeat
from typing import Protocol

from holdfast import paths
from holdfast.catalog.entries import ROOT_ENTRY, Entry
from holdfast.errors import InvalidPath, IsADirectory, NotADirectory, NotFound

#: characters of a pattern of `glob`: a whole path, and some more
LONGEST_PATTERN = 10_000


class TreeView(Protocol):
    """One state of the tree."""

    def property_texts(self, ids: Iterable[str]) -> dict[str, str]:
        """Return properties as JSON, by id."""
        ...

    def child(self, parent: int, name: str) -> Entry | None:
        """Return what is called `name` under the node `parent`."""
        ...

    def children(self, parent: int) -> list[Entry]:
        """Return all that is directly under the node `parent`, in no order."""
        ...


def find(view: TreeView, path: str) -> Entry | None:
    """Return the entry at a parsed path, or None; raises NotADirectory when a file stands on the way."""
    entry, walked = ROOT_ENTRY, paths.ROOT
    for name in paths.names(path):
        if not entry.is_dir:
            raise NotADirectory(f"{walked} is a file", path=walked)
        found = view.child(entry.node_id, name)
        if found is None:
            return None
        entry, walked = found, paths.join(walked, name)
    return entry


def standing(view: TreeView, path: str) -> Entry | None:
    """Return the entry at a parsed path, or None, also where a file stands on the way."""
    try:
        return find(view, path)
    except NotADirectory:
        return None


def need(view: TreeView, path: str) -> Entry:
    """Return the entry at a parsed path; raises NotFound or NotADirectory."""
    entry = find(view, path)
    if entry is None:
        raise NotFound(f"{path} does not exist", path=path)
    return entry


def need_file(view: TreeView, path: str) -> Entry:
    """Return the file at a parsed path; raises NotFound, NotADirectory or IsADirectory."""
    entry = need(view, path)
    if entry.is_dir:
        raise IsADirectory(f"{path} is a directory", path=path)
    return entry


def need_dir(view: TreeView, path: str) -> Entry:
    """Return the directory at a parsed path; raises NotFound or NotADirectory."""
    entry = need(view, path)
    if not entry.is_dir:
        raise NotADirectory(f"{path} is a file", path=path)
    return entry


def listing(view: TreeView, node: int) -> list[Entry]:
    """Return the children of a node in order of name."""
    # All of a directory at once: an index in order of name would lead through every former entry of each name (G9).
    return sorted(view.children(node), key=lambda entry: entry.name)


def cursor(top: str, after: str | None) -> tuple[str, ...]:
    """Return the names from the directory `top` to the path `after`, which was given last; raises InvalidPath."""
    if after is None:
        return ()
    path = paths.parse(after)
    if path == top or not paths.is_within(path, top):
        raise InvalidPath(f"{path} is not below {top}", path=path, remedy="Give the path that you were given last")
    return tuple(paths.names(path)[len(paths.names(top)) :])


def go_on(found: Iterable[Entry], rest: tuple[str, ...]) -> Iterator[tuple[Entry, tuple[str, ...], bool]]:
    """Return of entries in order of name those that come after the names `rest`, or hold what does.

    With each comes what is left of `rest` below it, and whether it was given before itself.
    """
    return _after(found, rest) if rest else zip(found, repeat(()), repeat(False), strict=False)


def _after(found: Iterable[Entry], rest: tuple[str, ...]) -> Iterator[tuple[Entry, tuple[str, ...], bool]]:
    for entry in found:
        if entry.name > rest[0]:
            yield entry, (), False
        elif entry.name == rest[0]:
            yield entry, rest[1:], True


def walk(view: TreeView, top: Entry, path: str, after: tuple[str, ...] = ()) -> Iterator[tuple[str, Entry]]:
    """Yield (path, entry) for all below `top`, which stands at `path`: depth first, in order of name.

    With `after`, names from `path` on, only what comes after what stood there.
    """
    # An explicit stack: a tree may be deeper than Python's recursion limit.
    stack = [(path, go_on(listing(view, top.node_id), after))] if top.is_dir else []
    while stack:
        folder, below = stack[-1]
        for entry, rest, given in below:
            at = paths.join(folder, entry.name)
            if not given:
                yield at, entry
            if entry.is_dir:
                stack.append((at, go_on(listing(view, entry.node_id), rest)))
                break
        else:
            stack.pop()


def glob(view: TreeView, pattern: "GlobPattern", after: tuple[str, ...] = ()) -> Iterator[tuple[str, Entry]]:
    """Yield (path, entry) of what matches `pattern`: depth first, in order of name, as `walk` does.

    `*`, `?` and `[...]` match within a name, case-sensitively; `**` as a whole name matches any number of names, none
    included, and at the end everything below. A pattern without a leading slash is taken from the root.
    """
    stack = [(paths.ROOT, pattern.start(), go_on(_candidates(view, ROOT_ENTRY, pattern, pattern.start()), after))]
    while stack:
        folder, states, below = stack[-1]
        for entry, rest, given in below:
            then = pattern.step(states, entry.name)
            if not then:
                continue
            path = paths.join(folder, entry.name)
            if not given and pattern.accepts(then):
                yield path, entry
            if entry.is_dir:
                stack.append((path, then, go_on(_candidates(view, entry, pattern, then), rest)))
                break
        else:
            stack.pop()


def _candidates(view: TreeView, top: Entry, pattern: "GlobPattern", states: frozenset[int]) -> list[Entry]:
    """Return the children of `top` that the pattern may still match, in order of name."""
    plain = pattern.plain_names(states)
    return listing(view, top.node_id) if plain is None else _named(view, top, plain)


def _named(view: TreeView, top: Entry, wanted: list[str]) -> list[Entry]:
    return [entry for name in wanted if (entry := view.child(top.node_id, name)) is not None]


class GlobPattern:
    """A glob pattern as a state machine over names: state i means that the parts before i are matched.

    Carried down the tree it visits only directories that can still lead to a match.
    """

    def __init__(self, pattern: str) -> None:
        if len(pattern) > LONGEST_PATTERN:
            raise InvalidPath(f"A pattern of {len(pattern)} characters is too long; {LONGEST_PATTERN} are allowed")
        parts: list[str] = [unicodedata.normalize("NFC", part) for part in pattern.split("/") if part]
        # Two in a row say what one says, and thousands of them would all have to be looked at for every name.
        self.parts: list[str] = [part for before, part in pairwise(["", *parts]) if (before, part) != ("**", "**")]
        if not self.parts or "\0" in pattern or ".." in self.parts or "." in self.parts:
            raise InvalidPath(f"{pattern!r} is not a pattern", path=pattern, remedy="Write one like /notes/**/*.md")
        if self.parts[-1] == "**":
            # `**` may match no name at all, but `/a/**` is what lies below /a, not /a.
            self.parts.append("*")
        self._matchers = [None if part == "**" else re.compile(fnmatch.translate(part)).match for part in self.parts]
        #: found once each: a pattern is in few states, and is asked about every name of the tree
        self._closures: dict[frozenset[int], frozenset[int]] = {}

    def start(self) -> frozenset[int]:
        return self._closure(frozenset({0}))

    def step(self, states: frozenset[int], name: str) -> frozenset[int]:
        """Return the states after one more name."""
        after = set()
        for state in states:
            if state == len(self.parts):
                continue
            matcher = self._matchers[state]
            if matcher is None:
                after.add(state)
            elif matcher(name):
                after.add(state + 1)
        return self._closure(frozenset(after))

    def accepts(self, states: frozenset[int]) -> bool:
        return len(self.parts) in states

    def matches(self, path: str) -> bool:
        """Return whether a whole path matches."""
        states = self.start()
        for name in paths.names(path):
            states = self.step(states, name)
        return self.accepts(states)

    def plain_names(self, states: frozenset[int]) -> list[str] | None:
        """Return the only names that can match next, or None when there may be others."""
        wanted = [self.parts[state] for state in states if state < len(self.parts)]
        return None if any(c in part for part in wanted for c in "*?[") else sorted(set(wanted))

    def _closure(self, states: frozenset[int]) -> frozenset[int]:
        """Return states with those that are reached from them without a name."""
        if states not in self._closures:
            reached = set(states)
            for state in sorted(states):
                while state < len(self.parts) and self._matchers[state] is None:
                    state += 1
                    reached.add(state)
            self._closures[states] = frozenset(reached)
        return self._closures[states]
