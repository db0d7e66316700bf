"""Which file holds which command, so that only the one asked for is imported."""

import importlib
from typing import Any

import typer

from holdfast.cli.plain import PlainGroup

#: file in this room -> the commands in it that stand on their own, as in `holdfast ls`
FLAT: dict[str, tuple[str, ...]] = {
    "setup": ("init", "config"),
    "add": ("add",),
    "search": ("search", "eval"),
    "browse": ("ls", "tree", "stat", "glob"),
    "content": ("cat", "grep", "abstract", "overview"),
    "change": ("write", "edit", "mkdir", "cp", "mv", "rm", "merge"),
    "past": ("log", "show", "diff", "changes", "restore", "undo"),
    "care": ("status", "verify", "doctor", "repair", "gc", "optimize", "reindex", "journal"),
}

#: files whose commands go by the file's name, as in `holdfast locks list`
NESTED: tuple[str, ...] = ("props", "graph", "branch", "tag", "session", "memory", "jobs", "locks")

_FILE_OF = {name: file for file, names in FLAT.items() for name in names} | {file: file for file in NESTED}


def every_command() -> list[str]:
    """Return all commands by their full names: `ls`, `locks list`."""
    nested = (f"{file} {name}" for file in NESTED for name in typer.main.get_group(_app(file)).commands)
    return [name for names in FLAT.values() for name in names] + list(nested)


def _app(file: str) -> typer.Typer:
    app: typer.Typer = importlib.import_module(f"holdfast.cli.commands.{file}").app
    return app


class LazyGroup(PlainGroup):
    """The root of all commands; a command's file is imported when the command is named."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return all names, in the order in which people meet them."""
        return list(_FILE_OF)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return the command of that name, or None."""
        file = _FILE_OF.get(cmd_name)
        if file is None:
            return None
        if cmd_name not in self.commands:
            self._import(file)
        return self.commands[cmd_name]

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that `args` names; an unknown one is answered with the names nearest to it."""
        if args[0] not in _FILE_OF:
            # The suggestion is made from the commands that are built, so all of them must be.
            for name in _FILE_OF:
                self.get_command(ctx, name)
        return super().resolve_command(ctx, args)

    def _import(self, file: str) -> None:
        built = typer.main.get_group(_app(file))
        if file in NESTED:
            self.commands[file] = built
        else:
            self.commands.update(built.commands)
