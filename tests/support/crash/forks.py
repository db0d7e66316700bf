"""Children of the crash matrix, forked from one process that has imported everything: most of a child was its imports.

`python -m tests.support.crash.forks` is that process. It does nothing itself: no store is open in it, nothing of Lance,
SQLite or the model was used and no thread of theirs runs, so what is forked is as good as a fresh interpreter.
"""

import functools
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from holdfast import faults
from tests.support.crash.operations import OPERATIONS

#: seconds after which a child that has not ended is a failed test
PATIENCE = 120
#: what the operations import when they come to need it
IMPORTED_LATE = (
    "lance",
    "pyarrow.compute",
    "holdfast.index.embedding.static_model",
    "safetensors.numpy",
    "tokenizers",
    "Stemmer",
    "pydantic_settings",
    "sqlalchemy",
    "alembic.operations",
    "holdfast.ingest.pipeline",
    "holdfast.jobs",
)


@dataclass(frozen=True)
class Ended:
    """How a child ended."""

    #: its exit code, or the negative number of the signal that killed it
    code: int
    #: what it wrote
    said: str


class Forks:
    """Does operations of the matrix in children that may be killed, one at a time."""

    def __init__(self) -> None:
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.support.crash.forks"],
            cwd=Path(__file__).parents[3],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, name: str, folder: Path, armed: str) -> Ended:
        """Do the operation `name` in `folder` with faults armed, in a child of its own."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps([name, str(folder), armed]) + "\n")
        self._server.stdin.flush()
        return Ended(**json.loads(self._server.stdout.readline()))

    def close(self) -> None:
        """End the process that forks."""
        self._server.communicate()


def serve() -> None:
    """Fork a child for each line that is read, and say how it ended."""
    for name in IMPORTED_LATE:
        importlib.import_module(name)
    # Lance warns at every fork; what it warns of are its threads, which start when it is used.
    warnings.simplefilter("ignore")
    for line in sys.stdin:
        name, folder, armed = json.loads(line)
        code, said = forked(functools.partial(act, name, Path(folder), armed))
        sys.stdout.write(json.dumps({"code": code, "said": said}) + "\n")
        sys.stdout.flush()


def act(name: str, folder: Path, armed: str) -> None:
    """Do one operation of the matrix."""
    (operation,) = (row for row in OPERATIONS if row.name == name)
    faults.arm(armed)
    operation.act(folder)


def forked(action: Callable[[], None]) -> tuple[int, str]:
    """Run `action` in a child; returns how it ended and what it wrote."""
    with tempfile.TemporaryFile() as output:
        pid = os.fork()
        if pid == 0:
            _be_a_child(action, output.fileno())
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        output.seek(0)
        return code, output.read().decode(errors="replace")


def _be_a_child(action: Callable[[], None], output: int) -> NoReturn:
    code = 1
    try:
        signal.alarm(PATIENCE)
        # The pipes are the server's; what a child reads or writes there would be taken for a question or an answer.
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        action()
        code = 0
    except BaseException:  # noqa: BLE001 - a child must never return into the server's loop
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve()
