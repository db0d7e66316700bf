"""Walking a tree of entries: the same for a committed snapshot and for a transaction under way.

A `TreeView` answers two questions, what is called so under a node and what is under it; everything here is built on
those two.
"""

import fnmatch
import re
import unicodedata
from collections.abc import Iterator
from typing import Protocol

from holdfast import paths
from holdfast.catalog.entries import ROOT_ENTRY, Entry
from holdfast.errors import InvalidPath, IsADirectory, NotADirectory, NotFound

#: characters of a pattern of `glob`: a whole path, and some more
LONGEST_PATTERN = 10_000


class TreeView(Protocol):
    """One state of the tree."""

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
    return sorted(view.children(node), key=lambda entry: entry.name)


def walk(view: TreeView, top: Entry, path: str) -> Iterator[tuple[str, Entry]]:
    """Yield (path, entry) for all below `top`, which stands at `path`: depth first, in order of name."""
    # An explicit stack: a tree may be deeper than Python's recursion limit.
    stack = [iter([(paths.join(path, e.name), e) for e in listing(view, top.node_id)])] if top.is_dir else []
    while stack:
        for at, entry in stack[-1]:
            yield at, entry
            if entry.is_dir:
                stack.append(iter([(paths.join(at, e.name), e) for e in listing(view, entry.node_id)]))
                break
        else:
            stack.pop()


def glob(view: TreeView, pattern: str) -> Iterator[tuple[str, Entry]]:
    """Yield (path, entry) of what matches `pattern`: depth first, in order of name.

    `*`, `?` and `[...]` match within a name, case-sensitively; `**` as a whole name matches any number of names, none
    included, and at the end everything below. A pattern without a leading slash is taken from the root.
    """
    machine = _Pattern(pattern)
    stack = [_matching(view, ROOT_ENTRY, paths.ROOT, machine, machine.start())]
    while stack:
        for path, entry, states in stack[-1]:
            if machine.accepts(states):
                yield path, entry
            if entry.is_dir and states:
                stack.append(_matching(view, entry, path, machine, states))
                break
        else:
            stack.pop()


def _matching(
    view: TreeView, top: Entry, path: str, machine: "_Pattern", states: frozenset[int]
) -> Iterator[tuple[str, Entry, frozenset[int]]]:
    """Yield the children of `top` that the pattern may still match, with the states it is in after their names."""
    plain = machine.plain_names(states)
    entries = listing(view, top.node_id) if plain is None else _named(view, top, plain)
    for entry in entries:
        after = machine.step(states, entry.name)
        if after:
            yield paths.join(path, entry.name), entry, after


def _named(view: TreeView, top: Entry, wanted: list[str]) -> list[Entry]:
    return [entry for name in wanted if (entry := view.child(top.node_id, name)) is not None]


class _Pattern:
    """A glob pattern as a state machine over names: state i means that the parts before i are matched.

    Carried down the tree it visits only directories that can still lead to a match.
    """

    def __init__(self, pattern: str) -> None:
        if len(pattern) > LONGEST_PATTERN:
            raise InvalidPath(f"A pattern of {len(pattern)} characters is too long; {LONGEST_PATTERN} are allowed")
        self.parts = [unicodedata.normalize("NFC", part) for part in pattern.split("/") if part]
        if not self.parts or "\0" in pattern or ".." in self.parts or "." in self.parts:
            raise InvalidPath(f"{pattern!r} is not a pattern", path=pattern, remedy="Write one like /notes/**/*.md")
        if self.parts[-1] == "**":
            # `**` may match no name at all, but `/a/**` is what lies below /a, not /a.
            self.parts.append("*")
        self._matchers = [None if part == "**" else re.compile(fnmatch.translate(part)).match for part in self.parts]

    def start(self) -> frozenset[int]:
        return self._closure({0})

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
        return self._closure(after)

    def accepts(self, states: frozenset[int]) -> bool:
        return len(self.parts) in states

    def plain_names(self, states: frozenset[int]) -> list[str] | None:
        """Return the only names that can match next, or None when there may be others."""
        wanted = [self.parts[state] for state in states if state < len(self.parts)]
        return None if any(c in part for part in wanted for c in "*?[") else sorted(set(wanted))

    def _closure(self, states: set[int]) -> frozenset[int]:
        for state in sorted(states):
            while state < len(self.parts) and self._matchers[state] is None:
                state += 1
                states.add(state)
        return frozenset(states)
