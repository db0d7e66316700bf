"""The change feed of a store on one branch, with waiting for what is to come."""

from collections.abc import Callable, Iterator

from holdfast.backend import Backend
from holdfast.host.abandoned import is_abandoned
from holdfast.locks.bell import Bell
from holdfast.tree.feed import ChangeEvent, Feed

#: seconds after which whoever follows looks for commits of other processes
LOOK_SECONDS = 1.0


def followed(backend: Backend, feed: Feed, stop: Callable[[], bool]) -> Iterator[ChangeEvent]:
    """Yield what a feed has and what comes, until `stop` returns true.

    A commit of this process wakes it at once; for others it looks now and then.
    """
    bell, listeners = Bell(backend.clock), backend.hooks.after_publish
    listeners.append(bell.ring)
    try:
        while not (stop() or is_abandoned()):
            heard = bell.rings
            for event in feed.events():
                yield event
                if stop():
                    return
            bell.wait(heard, LOOK_SECONDS)
    finally:
        listeners.remove(bell.ring)
