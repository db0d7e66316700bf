"""What is remembered: list, show, forget."""

from collections.abc import Iterator
from typing import Annotated

import typer

from holdfast import paths
from holdfast.cli import work_shapes as shapes
from holdfast.cli.call import Call, command, group
from holdfast.cli.options import MessageOption, PathArgument, store_path
from holdfast.cli.output import Output, visible
from holdfast.errors import InvalidPath, NotFound
from holdfast.sessions.memory import ROOT, Memory

app = group("What is remembered of sessions.")


@command(app, "list")
def list_(
    call: Call, kind: Annotated[str | None, typer.Option("--kind", metavar="KIND", help="Only of this kind.")] = None
) -> None:
    """List what is remembered."""
    found = {path: memory for path, memory in call.store.memories().items() if kind in (None, memory.kind)}
    document = {"memories": [shapes.memory(path, memory) for path, memory in found.items()]}
    call.done(document, (f"{path}  {call.out.paint(visible(memory.title), 'dim')}" for path, memory in found.items()))


@command(app)
def show(call: Call, path: PathArgument) -> None:
    """Show a memory and the messages it came from."""
    path = paths.parse(store_path(path))
    memory = call.store.memories().get(path)
    if memory is None:
        raise NotFound(f"{path} is no memory", path=path, remedy="See `holdfast memory list`")
    call.done(shapes.memory(path, memory), _shown(call.out, memory))


@command(app)
def forget(call: Call, path: PathArgument, message: MessageOption = "") -> None:
    """Forget a memory, or all of a kind.

    History keeps it, and searches no longer find it. No archive that was made before brings it back.
    """
    path = paths.parse(store_path(path))
    if not paths.is_within(path, ROOT) or path == ROOT:
        raise InvalidPath(f"{path} is not below {ROOT}", path=path, remedy="To remove other files use `holdfast rm`")
    commit = call.store.remove(path, recursive=True, message=message or f"Forget {path}")
    call.done({"path": path, "commit": commit.seq}, [f"forgot {path} (commit {commit.seq})"])


def _shown(out: Output, memory: Memory) -> Iterator[str]:
    yield out.paint(memory.title, "bold")
    yield ""
    yield memory.content
    for source in memory.sources:
        yield out.paint(f"from {source.archive}, messages {', '.join(map(str, source.messages)) or 'unknown'}", "dim")
    for path in memory.supersedes:
        yield out.paint(f"instead of {path}", "dim")
