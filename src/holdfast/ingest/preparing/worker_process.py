"""The worker process: takes files one at a time from its parent, prepares them, sends back what came of it.

It never touches the store. Whatever a parser does to it, the parent sees a closed pipe, fails that one file and starts
another worker (G11).
"""

import os
import signal
import sys
import threading
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection

from holdfast.index.embedding.chosen import ChosenEmbedder

#: set before the libraries that read them are loaded: one worker is one core's worth of work
_ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "RAYON_NUM_THREADS",
    "TOKIO_WORKER_THREADS",
)
#: Linux's prctl option for the signal that a process gets when its parent dies
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Setup:
    """What a worker is told at its start."""

    embedder: ChosenEmbedder
    #: bytes that one file's preparation may take; 0 is unlimited
    memory: int

    @staticmethod
    def told(embedder: str, memory: str) -> "Setup":
        """Return what the arguments of a worker say."""
        return Setup(ChosenEmbedder.from_json(embedder), int(memory))


def main(handle: int, lifeline: int, setup: Setup) -> None:
    """Serve until the parent closes `handle` or dies."""
    _settle(lifeline, setup.memory)
    from holdfast.ingest.preparing.deriver import DocumentDeriver
    from holdfast.ingest.preparing.preparation import prepare
    from holdfast.ingest.preparing.worker_ipc import pack, unpack_item

    # One worker is one core's worth of work.
    embedder = setup.embedder.run_by(replace(setup.embedder.options, threads=1))
    deriver = DocumentDeriver(embedder, strict=True)
    deriver.warm_up()
    with Connection(handle) as parent:
        parent.send(None)
        while True:
            try:
                item = unpack_item(parent.recv())
            except EOFError:
                return
            parent.send(pack(prepare(deriver, item)))


def _settle(lifeline: int, memory: int) -> None:
    # The parent decides what a Ctrl-C means; a worker only ends when it is told to, or when the parent is gone.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"), TOKENIZERS_PARALLELISM="false")
    _die_with_parent()
    threading.Thread(target=_watch, args=(lifeline,), daemon=True).start()
    _limit(memory)


def _watch(lifeline: int) -> None:
    # Blocks until the parent's end is closed, which its death does, on every system.
    os.read(lifeline, 1)
    os._exit(0)


def _die_with_parent() -> None:
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    # The kernel's own way reaches a worker even while native code holds it.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _limit(memory: int) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if memory:
        # Private writable memory, not address space: libraries reserve much more of that than they use.
        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
