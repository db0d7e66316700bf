"""What is remembered: list, show, forget."""

from collections.abc import Iterator
from typing import Annotated

import typer

from holdfast import Memory, paths
from holdfast.cli import work_shapes as shapes
from holdfast.cli.call import Call, command, group
from holdfast.cli.options import AfterOption, LimitOption, MessageOption, PathArgument, store_path
from holdfast.cli.output import Output, visible

app: typer.Typer = group("What is remembered of sessions.")


@command(app, "list")
def list_(
    call: Call,
    kind: Annotated[str | None, typer.Option("--kind", metavar="KIND", help="Only of this kind.")] = None,
    limit: LimitOption = None,
    after: AfterOption = None,
) -> None:
    """List what is remembered."""
    cursor = None if after is None else store_path(after)
    found = list(call.store.memories.list(kind=kind, limit=limit, after=cursor))
    document = {"memories": [shapes.memory(memory) for memory in found]}
    call.done(document, (f"{each.path}  {call.out.paint(visible(each.title), 'dim')}" for each in found))


@command(app)
def show(call: Call, path: PathArgument) -> None:
    """Show a memory and the messages it came from."""
    memory = call.store.memories.get(store_path(path))
    call.done(shapes.memory(memory), _shown(call.out, memory))


@command(app)
def forget(call: Call, path: PathArgument, message: MessageOption = "") -> None:
    """Forget a memory, or all of a kind.

    History keeps it, and searches no longer find it. No archive that was made before brings it back.
    """
    path = paths.parse(store_path(path))
    commit = call.store.memories.forget(path, message=message)
    call.done({"path": path, "commit": commit.id}, [f"forgot {path} (commit {commit.id})"])


def _shown(out: Output, memory: Memory) -> Iterator[str]:
    yield out.paint(memory.title, "bold")
    yield ""
    yield memory.content
    for source in memory.sources:
        yield out.paint(f"from {source.archive}, messages {', '.join(map(str, source.messages)) or 'unknown'}", "dim")
    for path in memory.supersedes:
        yield out.paint(f"instead of {path}", "dim")
