"""One gate for the libraries that take long to import.

Lance, pyarrow and numpy are imported by whoever first needs them, and that may be several threads at once. Python locks
each module by itself, so that two threads which come into Lance by different doors see each other's half-made modules
and fail with an ImportError. Every import of such a library stands under `importing()`, inside a function: never at the
top of a module that anything but such a function imports.

A fork waits for the imports of other threads, these and all others: Python's locks of modules that are being imported
stay locked in the child, where nobody opens them any more.
"""

import os
import sys
import threading
import time
from collections.abc import Iterator
from types import FrameType

from holdfast.host.held import held

#: the libraries that are imported under the gate
LIBRARIES = frozenset({"lance", "numpy", "openai", "pyarrow", "pypdfium2", "safetensors", "tokenizers", "xberg"})

#: seconds that a fork waits for the imports of other threads; it goes on without them after that
PATIENCE = 10.0
#: seconds between two looks whether they have ended
LOOK_EVERY = 0.002

_gate = threading.RLock()


@held
def importing() -> Iterator[None]:
    """Let one thread at a time import; what it imports may come through here again."""
    with _gate:
        yield


def _wait_before_fork() -> None:
    end = time.monotonic() + PATIENCE
    while _others_import() and time.monotonic() < end:
        time.sleep(LOOK_EVERY)


def _open_anew() -> None:
    global _gate
    # The thread that held it in the parent is not in the child.
    _gate = threading.RLock()


def _others_import() -> bool:
    """Return whether another thread is in the middle of a module; False when this one is: it cannot tell them apart."""
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return False
        frame = frame.f_back
    # What Python itself looks at when it comes upon a module that another thread has not finished.
    specs = [getattr(module, "__spec__", None) for module in list(sys.modules.values())]
    return any(getattr(spec, "_initializing", False) is True for spec in specs)


os.register_at_fork(before=_wait_before_fork, after_in_child=_open_anew)
