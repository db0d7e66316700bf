"""Running the real command line: in this process, and as one of its own."""

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from holdfast.cli import main
from tests.support.command_line import Ran, Run


@pytest.fixture(autouse=True)
def _here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in a new store, with nothing said by the environment."""
    for name in [name for name in os.environ if name.startswith("HOLDFAST_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(folder)


@pytest.fixture
def run(capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs a command line in this process, reading `stdin`."""

    def run_here(*args: object, stdin: bytes = b"") -> Ran:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), "utf-8"))
        capsysbinary.readouterr()
        status = main([str(arg) for arg in args])
        out, err = capsysbinary.readouterr()
        return Ran(status, out, err.decode())

    return run_here


@pytest.fixture
def spawn() -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """Return a function that runs `holdfast` as a process and waits for its end."""

    def run_there(*args: object, **how: object) -> subprocess.CompletedProcess[bytes]:
        code = "import sys; from holdfast.cli import main; sys.exit(main())"
        return subprocess.run(  # type: ignore[call-overload, no-any-return]
            [sys.executable, "-c", code, *map(str, args)], check=False, capture_output=True, timeout=60, **how
        )

    return run_there
