"""What a forked child inherits is the parent's: it keeps nobody out, loses nothing, and is not used (G10)."""

from collections.abc import Callable
from pathlib import Path

from holdfast.catalog.engines.sqlite import SqliteEngine
from holdfast.front.store import Store
from tests.support.interrupts import in_time
from tests.support.processes import Child

FORKED_IN_A_WRITE = """
import os
store = holdfast.open(sys.argv[1])
with rooms(store).engine.write() as conn:
    conn.run("DELETE FROM entries")
    if os.fork() == 0:
        say("forked")
        hear()
        os._exit(0)
    hear()
"""

CHILD_GOES_ON = """
import os
store = holdfast.open(sys.argv[1])
try:
    with rooms(store).engine.write() as conn:
        conn.run("INSERT INTO settings (name, value) VALUES ('mine', '1')")
        child = os.fork()
        if child:
            os.waitpid(child, 0)
except holdfast.HoldfastError as error:
    assert not child
    say(error.message)
    try:
        holdfast.open(sys.argv[1])
    except holdfast.HoldfastError as refused:
        say(refused.message)
    store.close()
    # Ended as a program ends, with all that Python does then.
    sys.exit()
assert child
with rooms(store).engine.read() as conn:
    say(conn.row("SELECT value FROM settings WHERE name = 'mine'"))
store.mkdir("/after")
"""

OPENED_ANEW = """
import os
store = holdfast.open(sys.argv[1])
store.mkdir("/before")
(written, write), (closed, close) = os.pipe(), os.pipe()
child = os.fork()
if child == 0:
    anew = holdfast.open(sys.argv[1])
    anew.mkdir("/child-1")
    os.write(write, b".")
    os.read(closed, 1)
    anew.mkdir("/child-2")
    anew.close()
    os._exit(0)
store.mkdir("/parent-1")
os.read(written, 1)
store.close()
os.write(close, b".")
assert os.waitpid(child, 0)[1] == 0
"""


def test_a_writer_that_was_killed_keeps_nobody_out_though_a_child_of_it_lives(
    store: Store, child: Callable[..., Child]
) -> None:
    writer = child(FORKED_IN_A_WRITE, Path(store.address))
    assert writer.hear() == "forked"
    writer.kill()
    in_time(lambda: store.mkdir("/mine"))
    assert len(list(store.ls("/"))) == 6
    # The child lives until now.
    writer.say()


def test_what_is_under_way_at_a_fork_is_the_parents_alone(folder: Path, child: Callable[..., Child]) -> None:
    both = child(CHILD_GOES_ON, folder)
    said = both.finish().splitlines()
    assert said[0] == "The store was opened before a fork"
    assert "at the moment when this process was forked" in said[1]
    assert said[2:] == ["('1',)"]
    engine = SqliteEngine(folder / "catalog.db")
    with engine.read() as conn:
        assert conn.row("PRAGMA integrity_check") == ("ok",)
    engine.close()


def test_a_store_that_a_child_opens_anew_loses_nothing_when_the_parent_closes_its_own(
    store: Store, child: Callable[..., Child]
) -> None:
    folder = Path(store.address)
    store.close()
    child(OPENED_ANEW, folder).finish()
    engine = SqliteEngine(folder / "catalog.db")
    with engine.read() as conn:
        names = {name for (name,) in conn.rows("SELECT name FROM entries")}
    engine.close()
    assert {"before", "parent-1", "child-1", "child-2"} <= names
