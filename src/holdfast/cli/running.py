"""Running a command line: from arguments to an exit status, with every way it can end."""

import errno
import logging
import os
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from holdfast.cli.call import Interrupted, PipeClosed
from holdfast.cli.options import ActorOption, BranchOption, JsonOption, StoreOption
from holdfast.cli.output import INTERRUPTED, Output, visible
from holdfast.cli.registry import LazyGroup
from holdfast.errors import HoldfastError, InvalidConfig, InvalidPath, NotFound, StorageFailed

#: exit status after the reader of a pipe has gone: 128 and the signal's number, as shells have it
PIPE_CLOSED = 141

#: what writing to a file, where output is sent, fails with; whatever the store writes fails with an error of its own
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)

#: what Typer raises when a command line is wrong; the class has no public name of its own in every version of Typer
_UsageError: Any = typer.BadParameter.__bases__[0]


def run(args: list[str]) -> int:
    """Run the command that `args` name and return its exit status."""
    as_json = _wants_json(args)
    _have_standard_streams()
    # Lance writes warnings of its own to the terminal, about indexes of few vectors: nothing a person can act upon.
    os.environ.setdefault("LANCE_LOG", "error")
    try:
        status = _invoke(args or ["--help"])
        sys.stdout.flush()
    except (BrokenPipeError, PipeClosed):
        return _pipe_closed()
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the last frame: a person reads what comes out
        return _fail(error, as_json)
    return status


def _have_standard_streams() -> None:
    """Give what the caller closed to nobody: the next file opened, the catalog perhaps, would stand in its place."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    for name, number in (("stdin", 0), ("stdout", 1), ("stderr", 2)):
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "r" if number == 0 else "w", closefd=False))  # noqa: SIM115


def _invoke(args: list[str]) -> int:
    _log_as_asked(os.environ.get("HOLDFAST_LOG", ""))
    return int(_root().main(args, prog_name="holdfast", standalone_mode=False) or 0)


def _log_as_asked(level: str) -> None:
    """Write Holdfast's own log of that level and above to standard error; without one, only warnings are."""
    if not level:
        return
    levels = logging.getLevelNamesMapping()
    if level.upper() not in levels:
        raise InvalidConfig(f"HOLDFAST_LOG is no log level: {level}", remedy=f"One of {', '.join(levels).lower()}")
    logging.basicConfig(format="%(asctime)s %(name)s %(message)s", stream=sys.stderr)
    logging.getLogger("holdfast").setLevel(level.upper())


def _root() -> Any:
    app = typer.Typer(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
    app.callback()(holdfast)
    return typer.main.get_command(app)


def _print_version(wanted: bool) -> None:
    if wanted:
        from holdfast import __version__

        typer.echo(f"holdfast {__version__}")
        raise typer.Exit


def holdfast(
    json: JsonOption = False,
    store: StoreOption = None,
    branch: BranchOption = None,
    actor: ActorOption = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """A crash-safe context store: files, search, history, sessions and jobs that change together or not at all."""


def _wants_json(args: list[str]) -> bool:
    """Return whether `--json` is among the options; asked before they are parsed, as parsing may fail."""
    options = args[: args.index("--")] if "--" in args else args
    return "--json" in options


def _fail(error: BaseException, as_json: bool) -> int:
    """Say what went wrong and return the exit status that stands for it."""
    status, shape = _explained(error)
    try:
        if as_json:
            Output(json=True).document({"error": shape})
            sys.stdout.flush()
        elif status == INTERRUPTED:
            print(file=sys.stderr)  # noqa: T201 - the shell's next prompt starts on a line of its own
        else:
            _tell(shape["message"], shape["remedy"])
        sys.stdout.flush()
    except BrokenPipeError:
        return _pipe_closed()
    except OSError:
        # It has no place for the error either; that is told on standard error, or not at all.
        _give_output_to_nobody()
        if as_json:
            with suppress(OSError):
                _tell(shape["message"], shape["remedy"])
    return status


def _tell(message: str, remedy: str) -> None:
    # A name of somebody else's may have a line break in it, and would say what Holdfast did not.
    for line in (f"holdfast: {visible(message)}", f"  {visible(remedy)}" if remedy else ""):
        if line:
            print(line, file=sys.stderr)  # noqa: T201


def _explained(error: BaseException) -> tuple[int, dict[str, str]]:
    """Return the exit status and the JSON shape."""
    match error:
        case Interrupted() | KeyboardInterrupt():
            return INTERRUPTED, _shape("interrupted", "Interrupted", "", "What was committed stays; run it again")
        case HoldfastError():
            return error.exit_status, _shape(error.code, error.message, error.path, error.remedy)
        case FileNotFoundError() if not _stands_somewhere():
            reason = "The folder that this was run in is not there any more"
            return _explained(NotFound(reason, path=".", remedy="Go to another (`cd ~`), and run it again"))
        case OSError() if error.filename is not None:
            return _explained(_local(error))
        case OSError() if error.errno in _NO_ROOM:
            reason = f"The output could not be written: {error.strerror}"
            return _explained(StorageFailed(reason, remedy="Free some space where it is sent, or send it elsewhere"))
        case _ if isinstance(error, _UsageError):
            return 2, _usage(error)
    if os.environ.get("HOLDFAST_TRACEBACK"):
        traceback.print_exception(error)
    message = f"{type(error).__name__}: {error}"
    remedy = "This is a fault in Holdfast; nothing was half done. HOLDFAST_TRACEBACK=1 shows where it happened"
    return 1, _shape("internal", message, "", remedy)


def _stands_somewhere() -> bool:
    """Return whether the folder that this was run in is there."""
    try:
        return bool(Path.cwd())
    except FileNotFoundError:
        return False


def _local(error: OSError) -> HoldfastError:
    """Return what an error on a file outside the store means."""
    name = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else str(error.filename)
    kind: type[HoldfastError] = StorageFailed
    remedy = "Check the name and who may read it"
    if isinstance(error, FileNotFoundError):
        kind = NotFound
    elif isinstance(error, IsADirectoryError):
        kind, remedy = InvalidPath, "Name a file; `holdfast add` takes folders"
    return kind(f"{name}: {error.strerror}", path=name, remedy=remedy)


def _usage(error: Any) -> dict[str, str]:
    command = error.ctx.command_path if error.ctx is not None else "holdfast"
    return _shape("usage", _reason(error), "", f"See {command} --help")


def _reason(error: Any) -> str:
    # Pydantic puts this before what a check of Typer's own says.
    reason = str(error.format_message()).replace("Value error, ", "").rstrip(".")
    return reason if getattr(error, "param", None) else reason.removeprefix("Invalid value: ")


def _shape(code: str, message: str, path: str, remedy: str) -> dict[str, str]:
    return {"code": code, "message": message, "path": path, "remedy": remedy}


def _pipe_closed() -> int:
    _give_output_to_nobody()
    return PIPE_CLOSED


def _give_output_to_nobody() -> None:
    """Have Python's own flush at exit succeed."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
