"""`python -m tests.crash.child NAME FOLDER` does one operation of the matrix, in a process that will be killed."""

import sys
from pathlib import Path

from tests.crash.operations import OPERATIONS

if __name__ == "__main__":
    (operation,) = (row for row in OPERATIONS if row.name == sys.argv[1])
    operation.act(Path(sys.argv[2]))
