"""Child processes of tests: real interpreters, that speak over pipes and may be killed."""

import ctypes
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

_ROOT = Path(__file__).parents[2]

#: seconds after which a child that says nothing is a failed test, not a slow one
PATIENCE = 60

_CAPSET = {"x86_64": 126, "aarch64": 91}
_CAPABILITY_VERSION_3 = 0x20080522

_PRELUDE = """
import sys
import holdfast
from holdfast.testing.seams import rooms

def say(*words):
    print(*words, flush=True)

def hear():
    return sys.stdin.readline().strip()

"""


class Child:
    """One `python -c` process.

    `code` may use `sys`, `holdfast`, `rooms(store)`, `say(...)`, `hear()` and `sys.argv[1:]`.
    """

    def __init__(self, code: str, *args: object, faults: str = "") -> None:
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(_ROOT)}
        environment.pop("HOLDFAST_FAULTS", None)
        if faults:
            environment["HOLDFAST_FAULTS"] = faults
        self.process = subprocess.Popen(
            [sys.executable, "-c", _PRELUDE + textwrap.dedent(code), *map(str, args)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def hear(self) -> str:
        """Return the next line that the child says; empty when it has ended."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def say(self, line: str = "") -> None:
        """Give the child a line to hear."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        """Kill the child as `kill -9` does, and wait until it is gone."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(PATIENCE)

    def rest(self) -> list[str]:
        """Return the lines that an ended child had said and nobody heard."""
        assert self.process.stdout is not None
        return self.process.stdout.read().split()

    def finish(self) -> str:
        """Wait for the child to end well and return what else it said; its errors fail the test."""
        said, wrong = self.process.communicate(timeout=PATIENCE)
        assert self.process.returncode == 0, wrong
        return said.strip()

    def ended_by_kill(self) -> bool:
        """Wait for the end and return whether SIGKILL was its cause; any other failure fails the test."""
        _, wrong = self.process.communicate(timeout=PATIENCE)
        assert self.process.returncode in (0, -signal.SIGKILL), wrong
        return self.process.returncode == -signal.SIGKILL

    def end(self) -> None:
        """Kill the child if it still runs, and close the pipes."""
        self.process.kill()
        self.process.communicate()


def obey_permissions() -> None:
    """Make this process obey file permissions even when root runs it, as tests in containers do."""
    if os.geteuid() != 0:
        return
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    if ctypes.CDLL(None, use_errno=True).syscall(_CAPSET[os.uname().machine], header, nothing) != 0:
        raise OSError(ctypes.get_errno(), "capset")
