"""What was: log, show, diff, restore."""

from collections.abc import Iterator
from time import time
from typing import Annotated

import typer

from holdfast import Change, Commit, paths
from holdfast.cli import shapes
from holdfast.cli.call import Call, command
from holdfast.cli.completion import complete_path
from holdfast.cli.options import AtOption, MessageOption, PathArgument, store_path
from holdfast.cli.output import Output, iso, visible
from holdfast.cli.patch import patch_of
from holdfast.lines import lines_of

app: typer.Typer = typer.Typer()

_A_COMMIT = "A number, HEAD~2 or an ISO time."

_MARKS = {"added": ("A", "green"), "modified": ("M", "yellow"), "moved": ("R", "cyan"), "removed": ("D", "red")}


@command(app)
def log(
    call: Call,
    path: Annotated[
        str | None,
        typer.Argument(
            metavar="PATH", autocompletion=complete_path, help="Only what changed it, or anything below it."
        ),
    ] = None,
    path_option: Annotated[
        str | None, typer.Option("--path", metavar="PATH", autocompletion=complete_path, help="The same as PATH.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option("-n", "--limit", metavar="N", min=0, help="At most so many commits.")
    ] = None,
    after: Annotated[
        int | None, typer.Option("--after", metavar="COMMIT", help="Only what comes after this commit in the list.")
    ] = None,
    at: AtOption = None,
) -> None:
    """List commits, newest first.

    A PATH is followed through its moves. With --at those up to a commit: of PATH as it stood then, which may be gone by
    now.
    """
    wanted = path or path_option
    commits = call.store.log(None if wanted is None else store_path(wanted), limit=limit, after=after, at=at)
    if call.json:
        call.out.document({"commits": [shapes.commit(commit) for commit in commits]})
    else:
        call.out.lines(_line(call.out, commit) for commit in commits)


@command(app)
def show(call: Call, commit: Annotated[str, typer.Argument(metavar="COMMIT", help=_A_COMMIT)] = "HEAD") -> None:
    """Show one commit and what it changed."""
    found = call.store.commit_at(commit)
    changes = call.store.diff(found.parent, found)
    document = shapes.commit(found) | {"changes": [shapes.change(change) for change in changes]}
    call.done(document, _shown(call.out, found, changes))


@command(app)
def diff(
    call: Call,
    old: Annotated[str, typer.Argument(metavar="OLD", help=_A_COMMIT)] = "HEAD~1",
    new: Annotated[str, typer.Argument(metavar="NEW", help=_A_COMMIT)] = "HEAD",
    path: Annotated[
        str | None,
        typer.Option("--path", metavar="PATH", autocompletion=complete_path, help="Only at or below it."),
    ] = None,
    patch: Annotated[bool, typer.Option("-p", "--patch", help="Show the lines that changed, too.")] = False,
) -> None:
    """List what changed from one commit to another.

    Without OLD and NEW, what the last commit changed.
    """
    before, after = call.at(old), call.at(new)
    changes = call.store.diff(before.commit, after.commit)
    if path is not None:
        top = paths.parse(store_path(path))
        changes = [c for c in changes if any(paths.is_within(p, top) for p in (c.path, c.old_path or c.path))]
    patches = {change: patch_of(before, after, change) for change in changes} if patch else {}
    shown = [shapes.change(c) | ({"patch": "\n".join(patches[c])} if patch else {}) for c in changes]
    lines = (line for c in changes for line in (_mark(call.out, c), *map(call.out.patch_line, patches.get(c, ()))))
    call.done({"old": before.commit.id, "new": after.commit.id, "changes": shown}, lines)


@command(app)
def restore(
    call: Call,
    path: PathArgument,
    at: Annotated[str, typer.Option("--at", metavar="COMMIT", help=_A_COMMIT)],
    message: MessageOption = "",
) -> None:
    """Bring a path back as it was at a commit.

    PATH and all below it become what they were then, in a new commit.
    """
    path, then = paths.parse(store_path(path)), call.at(at).commit.id
    commit = call.store.restore(path, at=then, message=message)
    told = f"restored {path} as it was at commit {then} (commit {commit.id})"
    call.done({"path": path, "from": then, "commit": commit.id}, [told])


def _line(out: Output, commit: Commit) -> str:
    when = out.time(commit.at, time())
    number = out.paint(f"{commit.id:>5}", "yellow")
    first, _, more = commit.message.partition("\n")
    message = visible(first) + (" ..." if more.strip() else "")
    return f"{number}  {out.paint(f'{when:<15}  {visible(commit.actor):<10}', 'dim')}  {message}"


def _shown(out: Output, commit: Commit, changes: list[Change]) -> Iterator[str]:
    yield f"{out.paint(f'commit {commit.id}', 'bold', 'yellow')}  {iso(commit.at, 'seconds')}  {visible(commit.actor)}"
    for line in lines_of(commit.message):
        yield f"  {visible(line)}"
    yield ""
    for change in changes:
        yield _mark(out, change)


def _mark(out: Output, change: Change) -> str:
    letter, colour = _MARKS[change.kind]
    slash = "/" if change.is_dir and change.path != paths.ROOT else ""
    origin = f"{change.old_path}{slash} -> " if change.old_path else ""
    edited = ", changed" if change.kind == "moved" and change.modified else ""
    return f"{out.paint(letter, colour)} {origin}{change.path}{slash}{edited}"
