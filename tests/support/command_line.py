"""What a command line left behind."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it printed."""

    status: int
    #: bytes of standard output
    stdout: bytes
    err: str

    @property
    def out(self) -> str:
        return self.stdout.decode()

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    @property
    def json(self) -> Any:
        """Standard output as JSON; raises when it holds anything but one document."""
        return json.loads(self.stdout)


#: runs a command line in this process
Run = Callable[..., Ran]
