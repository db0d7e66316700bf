"""What was: log, show, diff, changes, restore."""

from collections.abc import Callable, Iterator
from time import time
from typing import Annotated

import typer

from holdfast import Change, ChangeEvent, Commit, Store, paths
from holdfast.cli import shapes
from holdfast.cli.call import Call, command
from holdfast.cli.completion import complete_path
from holdfast.cli.history.differences import BETWEEN, PatchOption, Shown, UnderOption, at_commit, mark, on_branch
from holdfast.cli.history.differences import show as show_difference
from holdfast.cli.history.graph import drawn
from holdfast.cli.options import AfterOption, AtOption, LimitOption, MessageOption, PathArgument, store_path
from holdfast.cli.output import INTERRUPTED, Output, iso, visible
from holdfast.lines import lines_of

app: typer.Typer = typer.Typer()

_A_COMMIT = "A number, HEAD~2, a time (ISO, yesterday, '2 hours ago') or a tag."

_A_SIDE = "A number, HEAD~2, a time or a tag; or two of them or two branches, OLD..NEW."


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
    graph: Annotated[
        bool, typer.Option("--graph", help="The commits of all branches, with their forks and merges drawn.")
    ] = False,
) -> None:
    """List commits, newest first.

    A PATH is followed through its moves. With --at those up to a commit: of PATH as it stood then, which may be gone by
    now. A commit of another branch is listed with its name.
    """
    wanted, name_of = path or path_option, _names(call.store)
    if graph:
        _refuse_with_graph(path=wanted, after=after, at=at)
    commits = (
        call.store.branches.log(limit=limit)
        if graph
        else call.store.log(None if wanted is None else store_path(wanted), limit=limit, after=after, at=at)
    )
    if call.json:
        call.out.document({"commits": [shapes.commit(commit, name_of(commit)) for commit in commits]})
    elif graph:
        call.out.lines(drawn(commits, lambda commit: _line(call.out, commit, name_of(commit))))
    else:
        call.out.lines(
            _line(call.out, commit, None if (name := name_of(commit)) == call.branch else name) for commit in commits
        )


@command(app)
def show(call: Call, commit: Annotated[str, typer.Argument(metavar="COMMIT", help=_A_COMMIT)] = "HEAD") -> None:
    """Show one commit and what it changed."""
    found = call.store.commit_at(commit)
    changes = call.store.diff(found.parent, found)
    document = shapes.commit(found, call.store.branches.name_of(found)) | {
        "changes": [shapes.change(change) for change in changes]
    }
    call.done(document, _shown(call.out, found, changes))


@command(app)
def diff(
    call: Call,
    old: Annotated[str, typer.Argument(metavar="OLD", help=_A_SIDE)] = "HEAD~1",
    new: Annotated[str, typer.Argument(metavar="NEW", help=_A_COMMIT)] = "HEAD",
    only: Annotated[str | None, typer.Argument(metavar="PATH", help="Only at or below it; it begins with a /.")] = None,
    path: UnderOption = None,
    patch: PatchOption = False,
    limit: LimitOption = None,
    after: AfterOption = None,
) -> None:
    """List what changed from one commit to another.

    Without OLD and NEW, what the last commit changed. `main..draft` compares two branches as they are now, and
    `main@3..draft@HEAD~1` as they were at commits; a side that is left out is the branch you are on.
    """
    old, new, only = _told_apart(old, new, only)
    wanted = Shown(path or only, limit, after, patch)
    if BETWEEN not in old:
        show_difference(call, at_commit(call, old), at_commit(call, new), wanted)
        return
    if new != "HEAD":
        raise typer.BadParameter(f"{old} names both sides already: leave {new} out")
    first, _, second = old.partition(BETWEEN)
    show_difference(call, on_branch(call, first), on_branch(call, second), wanted)


@command(app)
def changes(
    call: Call,
    since: Annotated[
        str | None,
        typer.Option(
            "--since", metavar="CURSOR", help="Only what comes after it: a cursor of --json, or a commit. HEAD is now."
        ),
    ] = None,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Wait for further commits, until Ctrl-C.")] = False,
    under: Annotated[
        str,
        typer.Option("--under", metavar="PATH", autocompletion=complete_path, help="Only what concerns this path."),
    ] = paths.ROOT,
    limit: Annotated[
        int | None, typer.Option("-n", "--limit", metavar="N", min=0, help="At most so many changes.")
    ] = None,
) -> int | None:
    """List what each commit changed, oldest first.

    With --json, a line for each change: one JSON document with the cursor from which to go on.
    """
    events = call.store.changes(since, follow=follow, under=store_path(under), limit=limit)
    try:
        for event in events:
            _tell(call.out, event)
    except KeyboardInterrupt:
        # It is how following is meant to end.
        if not follow:
            raise
        return INTERRUPTED
    return None


@command(app)
def restore(
    call: Call,
    path: PathArgument,
    at: Annotated[
        str | None, typer.Option("--at", metavar="COMMIT", help=f"{_A_COMMIT} Unless told, before the last change.")
    ] = None,
    message: MessageOption = "",
) -> None:
    """Bring a path back as it was at a commit.

    Unless a commit is told: as it was before it was last changed or removed.
    PATH and all below it become what they were then, in a new commit.
    """
    path = paths.parse(store_path(path))
    then = call.store.former(path) if at is None else call.at(at).commit
    commit = call.store.restore(path, at=then, message=message)
    told = f"restored {path} as it was at commit {then.id} (commit {commit.id})"
    call.done({"path": path, "from": then.id, "commit": commit.id}, [told])


@command(app)
def undo(
    call: Call,
    commit: Annotated[str, typer.Argument(metavar="COMMIT", help=_A_COMMIT)] = "HEAD",
    message: MessageOption = "",
) -> None:
    """Take back what a commit did, the last one unless told.

    A new commit does so.
    Where later commits changed the same, nothing is taken back, and the paths are named. An undo can be undone.
    """
    head, undone = call.store.commit_at(), call.store.commit_at(commit)
    made = call.store.undo(undone, message=message)
    is_new = made.id > head.id
    told = f"undid commit {undone.id}, {visible(undone.message.partition(chr(10))[0])!r} (commit {made.id})"
    left = f"nothing is left of commit {undone.id} that could be undone"
    call.done({"undone": undone.id, "commit": made.id if is_new else None}, [told if is_new else left])


def _told_apart(old: str, new: str, only: str | None) -> tuple[str, str, str | None]:
    """Return the sides and the path that were typed: `/notes`, `HEAD~3 /notes`, or `HEAD~3 HEAD /notes`."""
    # No commit and no branch is called so.
    if old.startswith(paths.ROOT):
        return "HEAD~1", "HEAD", old
    return (old, "HEAD", new) if new.startswith(paths.ROOT) else (old, new, only)


def _refuse_with_graph(**given: object) -> None:
    """Raise a usage error for what would leave out commits that a drawing needs."""
    if any(value is not None for value in given.values()):
        raise typer.BadParameter("--graph shows all branches: it takes no PATH, --after or --at")


def _names(store: Store) -> Callable[[Commit], str]:
    """Return what gives the name of a commit's branch, and asks the store once for each."""
    known: dict[int, str] = {}

    def name_of(commit: Commit) -> str:
        if commit.branch_id not in known:
            known[commit.branch_id] = store.branches.name_of(commit)
        return known[commit.branch_id]

    return name_of


def _tell(out: Output, event: ChangeEvent) -> None:
    """Print what happened to one path, for whoever reads to have it at once."""
    if out.json:
        out.json_line(shapes.event(event))
        return
    by = event.commit
    who = out.paint(f"{out.time(by.at, time()):<15}  {visible(by.actor):<10}", "dim")
    out.lines([f"{out.paint(f'{by.id:>5}', 'yellow')}  {who}  {mark(out, event.change)}"])
    out.flush()


def _line(out: Output, commit: Commit, branch: str | None) -> str:
    """Return the line of a commit, with the name of its branch where that is to be told."""
    when = out.time(commit.at, time())
    number = out.paint(f"{commit.id:>5}", "yellow")
    first, _, more = commit.message.partition("\n")
    message = visible(first) + (" ..." if more.strip() else "")
    where = out.paint(f"[{branch}]", "cyan") + " " if branch else ""
    where += out.paint("(taken)", "dim") + " " if commit.taken else ""
    return f"{number}  {out.paint(f'{when:<15}  {visible(commit.actor):<10}', 'dim')}  {where}{message}"


def _shown(out: Output, commit: Commit, changes: list[Change]) -> Iterator[str]:
    yield f"{out.paint(f'commit {commit.id}', 'bold', 'yellow')}  {iso(commit.at, 'seconds')}  {visible(commit.actor)}"
    for line in lines_of(commit.message):
        yield f"  {visible(line)}"
    yield ""
    for change in changes:
        yield mark(out, change)
