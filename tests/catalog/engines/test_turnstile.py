"""Writers queue and wait; none is refused, none is starved (G10)."""

import contextlib
import os
import signal
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

import holdfast
from holdfast.catalog import settings
from holdfast.catalog.engines import sqlite
from holdfast.catalog.engines import turnstile as turns
from holdfast.catalog.engines.sqlite import SqliteEngine
from holdfast.catalog.engines.turnstile import Turnstile
from holdfast.errors import Locked, Unsupported
from holdfast.front.store import Store
from holdfast.testing.seams import rooms
from tests.support.looking import head
from tests.support.processes import Child

WRITER = """
number, commits = int(sys.argv[2]), int(sys.argv[3])
with holdfast.open(sys.argv[1], actor=f"agent:{number}") as store:
    store.mkdir(f"/w{number}")
    say("ready")
    hear()
    for each in range(commits):
        store.mkdir(f"/w{number}/{each}")
"""


HOLDER = """
store = holdfast.open(sys.argv[1])
with rooms(store).engine.write() as conn:
    say("holding")
    hear()
store.mkdir("/went-on")
say("done")
"""


def stopped_inside(folder: Path, child: Callable[..., Child]) -> Child:
    """Return a process that was stopped inside an SQL transaction."""
    holder = child(HOLDER, folder)
    assert holder.hear() == "holding"
    os.kill(holder.process.pid, signal.SIGSTOP)
    assert os.WIFSTOPPED(os.waitpid(holder.process.pid, os.WUNTRACED)[1])
    return holder


def test_a_writer_that_was_stopped_inside_a_transaction_is_named_and_not_waited_for(
    folder: Path, child: Callable[..., Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "LOOK_EVERY", 0.01)
    with holdfast.open(folder) as store:
        holder = stopped_inside(folder, child)
        pid = holder.process.pid
        for _ in range(2):
            with pytest.raises(Locked, match=f"pid {pid} on .*, which was stopped.*kill -CONT {pid}"):
                store.mkdir("/mine")
        monkeypatch.setattr(turns, "LOOK_EVERY", 60)
        # Found to stand still before, so nobody waits a minute to hear it again.
        with pytest.raises(Locked, match="stopped"):
            store.mkdir("/mine")
        os.kill(pid, signal.SIGCONT)
        holder.say()
        assert holder.hear() == "done"
        store.mkdir("/mine")
        assert {"went-on", "mine"} <= {entry.name for entry in store.ls("/")}


def test_a_turn_that_nobody_waits_for_any_more_is_passed_on(
    folder: Path, child: Callable[..., Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "LOOK_EVERY", 0.01)
    with holdfast.open(folder) as gave_up, holdfast.open(folder) as other:
        holder = stopped_inside(folder, child)
        with pytest.raises(Locked):
            gave_up.mkdir("/late")
        monkeypatch.setattr(turns, "LOOK_EVERY", 60)
        holder.kill()
        # The turn comes to the one that gave up as well as to this one, in whatever order.
        other.mkdir("/next")
        gave_up.mkdir("/late")


def test_a_writer_is_waited_for_while_it_works_and_while_turns_go_by(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[float] = []
    monkeypatch.setattr(turns, "MOST_LOOKS", 3)
    file = folder / "catalog.turn"
    one, two = Turnstile(file), Turnstile(file)

    def look(waiting: object, seconds: float) -> bool:
        looks.append(seconds)
        if len(looks) in (2, 4):
            # Another turn of somebody else.
            one._note()
        return False

    monkeypatch.setattr(turns.Waiting, "wait", look)
    with one.turn(), pytest.raises(Locked, match=f"written to by pid {os.getpid()}"), two.turn():
        pass
    assert len(looks) == 4 + 3
    one.close()
    two.close()


def test_another_program_that_locks_the_catalog_is_told_of(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_MS", 0)
    with holdfast.open(folder) as store, contextlib.closing(sqlite3.connect(folder / "catalog.db")) as shell:
        shell.execute("BEGIN IMMEDIATE")
        with pytest.raises(Locked, match="Close the program"):
            store.mkdir("/a")
        shell.rollback()
        store.mkdir("/a")


def test_a_disk_that_is_full_keeps_nobody_from_a_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    turnstile = Turnstile(tmp_path / "turn")
    for _ in range(2):
        with turnstile.turn():
            pass
    turnstile.close()


def test_eight_processes_write_at_once_and_none_is_refused(store: Store, child: Callable[..., Child]) -> None:
    processes, commits = 8, 60
    writers = [child(WRITER, Path(store.address), number, commits) for number in range(processes)]
    assert [writer.hear() for writer in writers] == ["ready"] * processes
    before = head(store)
    for writer in writers:
        writer.say("go")
    for writer in writers:
        writer.finish()
    assert head(store) - before == processes * commits
    order = [commit.actor for commit in store.log(limit=processes * commits)]
    assert {actor: order.count(actor) for actor in order} == {f"agent:{n}": commits for n in range(processes)}


def test_a_writer_waits_for_as_long_as_another_holds_the_turn(folder: Path) -> None:
    one, two = SqliteEngine(folder / "catalog.db"), SqliteEngine(folder / "catalog.db")
    order, waiting = [], threading.Event()

    def second() -> None:
        waiting.set()
        with two.write():
            order.append("second")

    thread = threading.Thread(target=second)
    with one.write():
        thread.start()
        waiting.wait()
        with two.read() as conn:
            assert conn.row("SELECT 1") == (1,), "readers never wait"
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
    one.close()
    two.close()


def test_the_turn_of_a_killed_writer_is_free_at_once(store: Store, child: Callable[..., Child]) -> None:
    holder = child(
        """
        store = holdfast.open(sys.argv[1])
        with rooms(store).engine.write() as conn:
            conn.run("DELETE FROM entries")
            say("holding")
            hear()
        """,
        Path(store.address),
    )
    assert holder.hear() == "holding"
    holder.kill()
    store.write("/a.md", "a")
    assert len(list(store.ls("/"))) == 6


def test_threads_of_one_turnstile_take_turns(tmp_path: Path) -> None:
    turnstile, inside, most = Turnstile(tmp_path / "turn"), 0, []

    def work() -> None:
        nonlocal inside
        for _ in range(200):
            with turnstile.turn():
                inside += 1
                most.append(inside)
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    turnstile.close()
    assert set(most) == {1}


def test_a_failed_write_gives_the_turn_back(store: Store) -> None:
    for _ in range(3):
        with pytest.raises(RuntimeError), rooms(store).engine.write() as conn:
            conn.run("DELETE FROM entries")
            raise RuntimeError
    assert len(list(store.ls("/"))) == 5
    store.mkdir("/next")


def test_a_reader_sees_one_state_for_as_long_as_it_looks(store: Store) -> None:
    engine = rooms(store).engine
    with engine.read() as conn:
        before = conn.row("SELECT count(*) FROM entries")
        store.mkdir("/new")
        assert conn.row("SELECT count(*) FROM entries") == before
    with engine.read() as conn:
        assert conn.row("SELECT count(*) FROM entries") != before


def test_a_relaxed_store_keeps_what_it_committed_when_its_process_is_killed(
    folder: Path, child: Callable[..., Child]
) -> None:
    writer = child(
        """
        store = holdfast.open(sys.argv[1], durability="relaxed")
        store.write("/a.md", "a")
        say("written")
        hear()
        """,
        folder,
    )
    assert writer.hear() == "written"
    writer.kill()
    with holdfast.open(folder) as store:
        assert store.read("/a.md") == b"a"


def test_closing_a_store_lets_the_commit_of_another_thread_end(store: Store) -> None:
    engine = rooms(store).engine
    closing = threading.Thread(target=engine.close)
    with engine.write() as conn:
        closing.start()
        # With the commit under way it cannot end; without the wait it would have ended long before that.
        closing.join(0.2)
        settings.put(conn, "kept", "yes")
    closing.join()
    with holdfast.open(Path(store.address)) as again, rooms(again).engine.read() as conn:
        assert settings.get(conn, "kept") == "yes"


def test_whoever_waits_for_its_turn_when_the_store_is_closed_is_told_so(tmp_path: Path) -> None:
    turnstile = Turnstile(tmp_path / "turn")
    turnstile.close()
    with pytest.raises(Unsupported, match="closed"), turnstile.turn():
        pass
