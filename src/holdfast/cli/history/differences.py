"""What differs between two sides: two commits, or two branches."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from holdfast import Change, Snapshot, paths
from holdfast.cli import shapes
from holdfast.cli.call import Call
from holdfast.cli.completion import complete_path
from holdfast.cli.history.patch import patch_of
from holdfast.cli.options import store_path
from holdfast.cli.output import Output, visible

if TYPE_CHECKING:
    from holdfast import RowDifference

UnderOption = Annotated[
    str | None, typer.Option("--path", metavar="PATH", autocompletion=complete_path, help="Only at or below it.")
]
PatchOption = Annotated[bool, typer.Option("-p", "--patch", help="Show the lines that changed, too.")]

#: stands between two branches
BETWEEN = ".."

_MARKS = {
    "added": ("A", "green"),
    "modified": ("M", "yellow"),
    "moved": ("R", "cyan"),
    "properties": ("P", "magenta"),
    "removed": ("D", "red"),
}


@dataclass(frozen=True)
class Side:
    """A branch as it was at one commit."""

    branch: str
    tree: Snapshot

    @property
    def commit(self) -> int:
        """The commit."""
        return self.tree.commit.id

    @property
    def name(self) -> str:
        """The side as `store.branches.diff` takes it."""
        return f"{self.branch}@{self.commit}"


def on_branch(call: Call, typed: str) -> Side:
    """Return the side that `draft` or `draft@12` names; nothing is the branch that is worked on."""
    name, _, at = typed.partition("@")
    return Side(name or call.branch, call.on_main.branch(name or call.branch).snapshot(at or None))


def at_commit(call: Call, commit: str) -> Side:
    """Return the branch that is worked on as it was at a commit."""
    return Side(call.branch, call.at(commit))


@dataclass(frozen=True)
class Shown:
    """What of a difference is to be shown."""

    path: str | None
    limit: int | None
    after: str | None
    patch: bool


def show(call: Call, old: Side, new: Side, wanted: Shown) -> None:
    """Answer with what differs between two sides."""
    after = None if wanted.after is None else store_path(wanted.after)
    under = paths.ROOT if wanted.path is None else store_path(wanted.path)
    changes = call.store.branches.diff(old.name, new.name, under=under, limit=wanted.limit, after=after)
    patches = {change: patch_of(old.tree, new.tree, change) for change in changes} if wanted.patch else {}
    shown = [shapes.change(c) | ({"patch": "\n".join(patches[c])} if wanted.patch else {}) for c in changes]
    lines = (line for c in changes for line in (mark(call.out, c), *map(call.out.patch_line, patches.get(c, ()))))
    call.done({"old": old.commit, "new": new.commit, "changes": shown}, lines)


def mark(out: Output, change: "Change | RowDifference") -> str:
    """Return the line that tells of one change."""
    letter, colour = _MARKS[change.kind]
    if not isinstance(change, Change):
        return f"{out.paint(letter, colour)} {visible(change.path)}"
    slash = "/" if change.is_dir and change.path != paths.ROOT else ""
    origin = f"{change.old_path}{slash} -> " if change.old_path else ""
    edited = ", changed" if change.kind == "moved" and change.modified else ""
    edited += ", with its properties" if change.kind != "properties" and change.properties else ""
    return f"{out.paint(letter, colour)} {origin}{change.path}{slash}{edited}"
