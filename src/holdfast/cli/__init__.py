"""The command line: `holdfast`, and how to add a command to it.

A file in `commands/` is a group of commands: `browse.py` reads the tree, `change.py` changes it, and so on. To add one:

1. Write `cli/commands/locks.py` with `app = group("See and break locks.")` and its commands (`app = typer.Typer()` when
   they are of the form `holdfast ls`):

       @command(app, "list")
       def list_(call: Call, under: PathArgument = "/") -> None:
           '''List the locks that are held.'''
           held = call.store.locks.list(under=store_path(under))
           call.done({"locks": [shapes.lock(lock) for lock in held]}, (describe(lock) for lock in held))

2. Name it in `registry.py`: under NESTED for commands of the form `holdfast locks list`, under FLAT for commands of the
   form `holdfast ls`. Nothing is imported before its command is asked for.
3. Describe its JSON in docs/cli-json.md; a test compares the two.

`@command` gives every command `--json`, `--store`, `--branch` and `--actor` and a `Call`, which opens the store when it
is first asked for and prints the answer: `call.done(document, lines)` prints the document with `--json` and the lines
without. `call.store` is on the branch that is worked on, `call.on_main` is for what is asked of all branches.
What a command returns is the exit status, None being 0. It raises HoldfastError and never catches one only to print it.
Import heavy parts (rich, lance, pydantic) inside the functions that need them.
"""

import sys

# As in `holdfast/__init__.py`: what is imported here comes before anybody answers a Ctrl-C.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Sequence

#: objects that come to be before Python looks for garbage among them: imports alone make tens of thousands that stay
GARBAGE_AFTER = 150_000


def main(args: "Sequence[str] | None" = None) -> int:
    """Run one command line and return its exit status; without `args`, those of this process, which is then ours."""
    try:
        if args is not None:
            from holdfast.cli.running import run

            return run(list(args))
        return _run_ours()
    except KeyboardInterrupt:
        return 130


def _run_ours() -> int:
    """Run the command line of this process, which a Ctrl-C ends as the system ends it where there is nothing to undo.

    So before the command begins and after it ended: Python imports much and cleans up, says with a traceback that it
    was interrupted there, or swallows the interrupt.
    """
    from holdfast.cli.interrupts import end_the_process

    end_the_process()
    try:
        _begin_quickly()
        from holdfast.cli.running import run

        return run(sys.argv[1:])
    finally:
        end_the_process()


def _begin_quickly() -> None:
    """Leave out what Python and numpy do for long-lived programs: a third of the time of a short command.

    For a process of our own, not for a library that calls `main`: it concerns the whole process.
    """
    import atexit
    import gc
    import os

    gc.set_threshold(GARBAGE_AFTER, 10, 10)
    # Python looks through every object twice before it ends; what is frozen is left to the system, as all memory is.
    # DuckDB tells of everything that is left at the end, on the terminal of whoever asked.
    atexit.register(lambda: None if "duckdb" in sys.modules else gc.freeze())
    # numpy's library starts a thread per processor as it is imported; nothing here multiplies large matrices.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
