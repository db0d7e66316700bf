"""Keeping a process small that builds indexes: the C library's allocator holds on to what they freed.

Building an index takes some hundred megabytes for a moment, in many pieces and many threads. glibc keeps them, by
thread, for a later use that may never come: after adding 20,000 small files two fifths of the process were such memory.
"""

import functools
from typing import Any

#: mallopt's name for the number of arenas, from glibc's malloc.h
_M_ARENA_MAX = -8
#: arenas that threads share; more save waiting only where many threads allocate all the time
ARENAS = 2


def give_back() -> bool:
    """Return freed memory to the system; returns whether there was any. Does nothing without glibc."""
    libc = glibc()
    return libc is not None and bool(libc.malloc_trim(0))


def share_arenas() -> bool:
    """Have all threads of this process share a few arenas, so that what one frees serves another.

    For a program of our own at its start, not for a library: it concerns the whole process. Arenas that exist stay.
    Returns whether it was done; without glibc nothing is.
    """
    libc = glibc()
    return libc is not None and bool(libc.mallopt(_M_ARENA_MAX, ARENAS))


@functools.cache
def glibc() -> Any:
    """Return the C library if it is glibc, else None."""
    import ctypes

    try:
        libc = ctypes.CDLL(None)
        _ = libc.gnu_get_libc_version, libc.malloc_trim, libc.mallopt
    except (AttributeError, OSError, TypeError):
        return None
    return libc
