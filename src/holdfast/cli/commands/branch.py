"""Branches of the whole store: list, create, rename, delete, diff, merge."""

from collections.abc import Iterator, Sequence
from time import time
from typing import Annotated

import typer

from holdfast import BranchInfo
from holdfast.cli import shapes
from holdfast.cli.call import Call, command, group
from holdfast.cli.completion import complete_branch
from holdfast.cli.history.differences import PatchOption, Shown, UnderOption, on_branch, show
from holdfast.cli.history.merging import merge
from holdfast.cli.options import AfterOption, AtOption, LimitOption
from holdfast.cli.output import Output, visible

app: typer.Typer = group("Branches of the whole store: see, make, compare and delete them.")

BranchArgument = Annotated[str, typer.Argument(metavar="NAME", autocompletion=complete_branch, help="A branch.")]
NewNameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Letters, digits and . _ - / between them.")]
SideArgument = Annotated[
    str,
    typer.Argument(metavar="BRANCH", autocompletion=complete_branch, help="As it is now, or at a commit: draft@12."),
]


@command(app, "list")
def list_(call: Call) -> None:
    """List the branches, with a star at the one you are on."""
    found = call.on_main.branches.list()
    document = {"current": call.branch, "branches": [shapes.branch(info) for info in found]}
    call.done(document, _listed(call.out, found, call.branch))


@command(app)
def create(call: Call, name: NewNameArgument, at: AtOption = None) -> None:
    """Make a branch of the one you are on.

    It costs one row, however large the store is. `--branch NAME` with any command works on it.
    """
    made = call.store.branches.create(name, at=at)
    call.done(shapes.branch(made), [f"made {made.name} of {made.base} at commit {made.fork}"])


@command(app)
def rename(
    call: Call, name: BranchArgument, new: Annotated[str, typer.Argument(metavar="NEW", help="What it is called now.")]
) -> None:
    """Give a branch another name.

    Who is on it stays on it.
    """
    renamed = call.on_main.branches.rename(name, new)
    call.done(shapes.branch(renamed), [f"{name} is called {renamed.name} now"])


@command(app)
def delete(call: Call, name: BranchArgument) -> None:
    """Delete a branch.

    What others share with it stays. Whoever works on it is told that it is gone.
    """
    gone = call.on_main.branches.get(name)
    call.on_main.branches.delete(name)
    call.done({"deleted": gone.name, "head": gone.head}, [f"deleted {gone.name}, which was at commit {gone.head}"])


@command(app)
def diff(
    call: Call,
    old: SideArgument,
    new: SideArgument,
    path: UnderOption = None,
    patch: PatchOption = False,
    limit: LimitOption = None,
    after: AfterOption = None,
) -> None:
    """List what differs between two branches.

    `holdfast diff OLD..NEW` is the same.
    """
    show(call, on_branch(call, old), on_branch(call, new), Shown(path, limit, after, patch))


command(app)(merge)


def _listed(out: Output, found: Sequence[BranchInfo], current: str) -> Iterator[str]:
    now, width = time(), max(len(info.name) for info in found)
    for info in found:
        star, colour = ("*", ("bold", "green")) if info.name == current else (" ", ("bold",))
        base = f"{info.base} (deleted)" if info.base_deleted else info.base
        made = f"of {base} at commit {info.fork}, " if base else ""
        origin = out.paint(f"{made}by {visible(info.actor)}, {out.time(info.created, now)}", "dim")
        yield f"{star} {out.paint(f'{info.name:<{width}}', *colour)}  commit {info.head:<5}  {origin}"
