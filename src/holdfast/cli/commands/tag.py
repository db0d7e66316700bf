"""Tags, names for commits: list, create, delete."""

from collections.abc import Iterator, Sequence
from time import time
from typing import Annotated

import typer

from holdfast import TagInfo
from holdfast.cli import shapes
from holdfast.cli.call import Call, command, group
from holdfast.cli.options import AtOption
from holdfast.cli.output import Output, visible

app: typer.Typer = group("Names for commits: see, give and take away.")

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Letters, digits and . _ - / between them.")]


@command(app, "list")
def list_(call: Call) -> None:
    """List the tags."""
    found = call.on_main.tags.list()
    call.done({"tags": [shapes.tag(info) for info in found]}, _listed(call.out, found))


@command(app)
def create(call: Call, name: NameArgument, at: AtOption = None) -> None:
    """Give a commit a name: the newest, unless told.

    `--at NAME` with any command that takes a commit then means this one.
    """
    made = call.store.tags.create(name, at=at)
    call.done(shapes.tag(made), [f"{made.name} is commit {made.commit}"])


@command(app)
def delete(call: Call, name: NameArgument) -> None:
    """Delete a tag.

    Its commit stays.
    """
    gone = call.on_main.tags.get(name)
    call.on_main.tags.delete(name)
    call.done({"deleted": gone.name, "commit": gone.commit}, [f"deleted {gone.name}, which was commit {gone.commit}"])


def _listed(out: Output, found: Sequence[TagInfo]) -> Iterator[str]:
    now = time()
    for info in found:
        number = out.paint(f"{info.commit:>5}", "yellow")
        made = out.paint(f"{out.time(info.created, now):<15}  {visible(info.actor):<10}", "dim")
        yield f"{number}  {made}  {visible(info.name)}"
