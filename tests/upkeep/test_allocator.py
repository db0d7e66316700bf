"""Memory that was freed goes back to the system."""

import platform
from collections.abc import Callable
from pathlib import Path

import pytest

from holdfast.upkeep import allocator
from tests.support.processes import Child

TAKE_AND_FREE = """
import ctypes
from holdfast.upkeep import allocator
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 >> 20

# Small pieces come from the heap, and the last one of them keeps the heap from shrinking by itself.
pieces = [libc.malloc(32 * 1024) for _ in range(4096)]
for piece in pieces:
    ctypes.memset(piece, 1, 32 * 1024)
for piece in pieces[:-1]:
    libc.free(piece)
before = resident()
say(allocator.give_back(), before - resident())
"""


ARENAS = """
import ctypes, re, threading
from holdfast.upkeep import allocator
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
ready, go = threading.Barrier(9), threading.Event()

def allocate():
    libc.malloc(100)
    ready.wait()
    go.wait()

did = allocator.share_arenas()
threads = [threading.Thread(target=allocate) for _ in range(8)]
for thread in threads:
    thread.start()
ready.wait()
file = libc.fopen(sys.argv[1].encode(), b"w")
libc.malloc_info(0, ctypes.c_void_p(file))
libc.fclose(ctypes.c_void_p(file))
go.set()
say(did, len(re.findall("<heap ", open(sys.argv[1]).read())))
"""

on_glibc = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc's allocator is spoken to")


@on_glibc
def test_memory_that_was_freed_goes_back(child: Callable[..., Child]) -> None:
    gave, megabytes = child(TAKE_AND_FREE).finish().split()
    assert gave == "True"
    assert int(megabytes) > 100


@on_glibc
def test_threads_share_arenas(child: Callable[..., Child], tmp_path: Path) -> None:
    did, arenas = child(ARENAS, tmp_path / "info.xml").finish().split()
    assert did == "True"
    assert int(arenas) <= allocator.ARENAS


def test_nothing_happens_where_the_allocator_cannot_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allocator, "glibc", lambda: None)
    assert allocator.give_back() is False
    assert allocator.share_arenas() is False
