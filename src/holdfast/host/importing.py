"""One gate for the libraries that take long to import.

Lance, pyarrow and numpy are imported by whoever first needs them, and that may be several threads at once. Python locks
each module by itself, so that two threads which come into Lance by different doors see each other's half-made modules
and fail with an ImportError. Every import of such a library stands under `importing()`, inside a function: never at the
top of a module that anything but such a function imports.
"""

import os
import threading
from collections.abc import Iterator

from holdfast.host.held import held

#: the libraries that are imported under the gate
LIBRARIES = frozenset({"lance", "numpy", "openai", "pyarrow", "pypdfium2", "safetensors", "tokenizers", "xberg"})

_gate = threading.RLock()


@held
def importing() -> Iterator[None]:
    """Let one thread at a time import; what it imports may come through here again."""
    with _gate:
        yield


def _open_anew() -> None:
    global _gate
    # The thread that held it in the parent is not in the child.
    _gate = threading.RLock()


os.register_at_fork(after_in_child=_open_anew)
