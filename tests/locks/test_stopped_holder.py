"""The heart of it: a holder that was stopped past its lease, woke up late, and changes nothing (G6)."""

import os
import signal
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

import holdfast
from holdfast.errors import Locked
from holdfast.front.store import Store
from holdfast.testing.seams import rooms
from tests.support.looking import contents_of, head
from tests.support.processes import Child

#: seconds; short enough to be waited for
TTL = 1.0
#: seconds; long enough that no machine is too busy to renew it in time
LONG_TTL = 600.0

HOLDER = """
store = holdfast.open(sys.argv[1], actor="agent:1")
lock = store.lock("/a", mode="subtree", ttl=float(sys.argv[2]), purpose="thinking")
{begin}
say("holding")
hear()
try:
    {commit}
    say("published")
except holdfast.LockLost as error:
    say("lost", error)
"""

#: how a holder may publish: in a transaction that was begun before it was stopped, in one begun after, by itself
WAYS = {
    "a transaction under way": (
        "scope = store.transaction(lock=lock); tx = scope.__enter__(); tx.mkdir('/a/late', parents=True)",
        "scope.__exit__(None, None, None)",
    ),
    "a transaction begun late": (
        "",
        "store.transaction(lock=lock)(lambda tx: tx.mkdir('/a/late', parents=True))",
    ),
    "one operation": ("lock.__enter__()", "store.mkdir('/a/late', parents=True)"),
}


def stop(store: Store, child: Child) -> None:
    """Stop a child, all its threads, at an instant at which it does not hold the writer's turn."""
    # Whoever is stopped inside an SQL transaction stops every other writer as well. That is no matter of leases, so
    # the turn is taken first: the child can then be anywhere but there.
    with rooms(store).engine.write(durable=False):
        os.kill(child.process.pid, signal.SIGSTOP)
        assert os.WIFSTOPPED(os.waitpid(child.process.pid, os.WUNTRACED)[1])


@pytest.mark.crash
@pytest.mark.parametrize("way", WAYS)
def test_a_holder_that_was_stopped_past_its_lease_cannot_publish(
    folder: Path, child: Callable[..., Child], way: str
) -> None:
    begin, commit = WAYS[way]
    first = child(HOLDER.format(begin=begin, commit=commit), folder, TTL)
    with holdfast.open(folder, actor="agent:2") as store:
        assert first.hear() == "holding"
        stop(store, first)
        # The lease ends by itself: nobody renews it, and its process is not dead.
        with store.lock("/a", mode="subtree", timeout=60) as second:
            store.mkdir("/a/second", parents=True)
            before = head(store)
            os.kill(first.process.pid, signal.SIGCONT)
            first.say()
            said = first.hear()
            assert said.startswith("lost The lock on /a (token ")
            assert "agent:2" in said
            assert second.held
        first.finish()
        assert head(store) == before
        assert contents_of(store) == {"/a": None, "/a/second": None}
        assert store.locks.list() == []
        assert store.locks.stats().healthy


@pytest.mark.crash
def test_a_live_holder_renews_its_lease_again_and_again(folder: Path, child: Callable[..., Child]) -> None:
    often = "from holdfast.locks import renewal; renewal.RENEWED_AFTER = 1e-5\n"
    first = child(often + HOLDER.format(begin="", commit=WAYS["a transaction begun late"][1]), folder, LONG_TTL)
    with holdfast.open(folder) as store:
        assert first.hear() == "holding"
        seen: set[datetime] = set()
        while len(seen) < 4:
            seen.add(store.locks.list()[0].expires)
            with pytest.raises(Locked):
                store.lock("/a")
        first.say()
        assert first.hear() == "published"


@pytest.mark.crash
def test_a_killed_holder_is_superseded_at_once(folder: Path, child: Callable[..., Child]) -> None:
    first = child(HOLDER.format(begin="", commit="pass"), folder, 3600)
    with holdfast.open(folder) as store:
        assert first.hear() == "holding"
        with pytest.raises(Locked):
            store.lock("/a/b")
        first.kill()
        assert [info.state for info in store.locks.list()] == ["stale"]
        assert store.lock("/a/b").held
        assert store.locks.stats().orphaned == 1
