"""A Typer that does not import pydantic to read a word or a number, nor Rich to write to a pipe.

Typer reads every value with pydantic, whose import takes longer than all that `holdfast ls` does. The classes here take
strings, plain numbers, one of several words, and what is a value already, as they are. Where Typer keeps its reader
under another name they change nothing, and pydantic is imported.
"""

import inspect
import sys
from typing import Any, Literal, get_args, get_origin

from typer import BadParameter
from typer.core import TyperCommand, TyperGroup

#: what names of files are called, which need not be valid UTF-8, and names in the store, of which the store says more
_NAMES = frozenset({"SRC", "FILE", "DIR", "PATH", "TARGET", "SOURCE TARGET"})
#: of a number that is read here; a longer one is left to Typer
MOST_DIGITS = 9


class PlainCommand(TyperCommand):
    """A command that takes plain values as they are, and whose help is drawn by Rich on a terminal only."""

    def get_params(self, ctx: Any) -> Any:
        """Return the parameters, `--help` too."""
        return _plain(super().get_params(ctx))

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help."""
        _for_the_screen(self)
        super().format_help(ctx, formatter)


class PlainGroup(TyperGroup):
    """A group of commands that takes plain values as they are, and whose help is drawn by Rich on a terminal only."""

    def get_params(self, ctx: Any) -> Any:
        """Return the parameters, `--help` too."""
        return _plain(super().get_params(ctx))

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help."""
        _for_the_screen(self)
        super().format_help(ctx, formatter)


def _for_the_screen(command: Any) -> None:
    command.rich_markup_mode = "rich" if sys.stdout.isatty() else None
    # Rich breaks a paragraph where the docstring does, and the screen breaks it once more.
    paragraphs = inspect.cleandoc(command.help or "").split("\n\n")
    command.help = "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _plain(params: list[Any]) -> list[Any]:
    for param in params:
        if hasattr(param, "type_descriptor"):
            param._runtime_param = _PlainValue()
        if param.param_type_name == "argument" or param.is_flag:
            # The name says it already; Typer would write `PATH <list[str]>` and `--json <bool>`.
            param.display_type_rich = _no_type
    return params


def _no_type(ctx: Any) -> None:
    return None


def _check_utf8(value: Any) -> None:
    for text in value if isinstance(value, list | tuple) else (value,):
        if isinstance(text, str) and not text.isascii() and any("\ud800" <= each <= "\udfff" for each in text):
            raise BadParameter(f"{text!r} is not valid UTF-8")


def _is_plain_number(value: Any) -> bool:
    return isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= MOST_DIGITS


def _within(number: int, told: Any) -> bool:
    least, most = getattr(told, "min", None), getattr(told, "max", None)
    return (least is None or number >= least) and (most is None or number <= most)


class _PlainValue:
    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        if value is None:
            return () if param.multiple or param.nargs == -1 else None
        wanted = param.type_descriptor.annotation
        if param.metavar not in _NAMES:
            _check_utf8(value)
        if wanted in (str, list[str]) or (isinstance(wanted, type) and isinstance(value, wanted)):
            return value
        if get_origin(wanted) is Literal and value in get_args(wanted):
            return value
        if wanted is int and _is_plain_number(value) and _within(int(value), param.type_descriptor.parameter_info):
            return int(value)
        param._runtime_param = None
        return param.get_runtime_param().coerce(value, param=param, ctx=ctx)
