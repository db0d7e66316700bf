"""The options that commands share, and a Typer that does not import pydantic to read a string."""

from typing import Annotated, Any

import typer

from holdfast.cli.completion import complete_path

AtOption = Annotated[
    str | None, typer.Option("--at", metavar="COMMIT", help="As of this commit: a number, HEAD~2 or an ISO time.")
]
PathArgument = Annotated[
    str,
    typer.Argument(metavar="PATH", autocompletion=complete_path, help="A path in the store; notes/a is /notes/a."),
]
PathsArgument = Annotated[
    list[str],
    typer.Argument(metavar="PATH...", autocompletion=complete_path, help="Paths in the store; notes/a is /notes/a."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
StoreOption = Annotated[
    str | None,
    typer.Option("--store", metavar="DIR", help="The store's folder, else HOLDFAST_STORE, else the nearest one upward."),
]
ActorOption = Annotated[
    str | None, typer.Option("--actor", metavar="NAME", help="Who changes are attributed to, else HOLDFAST_ACTOR.")
]
MessageOption = Annotated[
    str, typer.Option("-m", "--message", metavar="TEXT", help="What the commit says it does.", show_default=False)
]


def store_path(path: str) -> str:
    """Return a path typed by a person as one from the root: `notes/a`, `./notes/a` and `/notes/a` are the same."""
    if path.startswith("/"):
        return path
    while path.startswith("./"):
        path = path[2:]
    return "/" if path in ("", ".") else f"/{path}"


def quicken(command: Any) -> Any:
    """Have a command, and those below it, take plain values as they are; returns it.

    Typer reads every value with pydantic, whose import takes longer than all that `holdfast ls` does. Where Typer keeps
    its reader under another name this changes nothing, and pydantic is imported.
    """
    for param in command.params:
        if hasattr(param, "type_descriptor"):
            param._runtime_param = _PlainValue()
    for member in getattr(command, "commands", {}).values():
        quicken(member)
    return command


class _PlainValue:
    """Reads strings, and what is a value already; leaves the rest to Typer."""

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        if value is None:
            return () if param.multiple or param.nargs == -1 else None
        wanted = param.type_descriptor.annotation
        if wanted in (str, list[str]) or (isinstance(wanted, type) and isinstance(value, wanted)):
            return value
        param._runtime_param = None
        return param.get_runtime_param().coerce(value, param=param, ctx=ctx)
