"""Writers queue and wait; none is refused, none is starved (G10)."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

import holdfast
from holdfast.catalog.sqlite import SqliteEngine
from holdfast.catalog.turnstile import Turnstile
from holdfast.store import Store
from tests.looking import head
from tests.processes import Child

WRITER = """
number, commits = int(sys.argv[2]), int(sys.argv[3])
with holdfast.open(sys.argv[1], actor=f"agent:{number}") as store:
    store.mkdir(f"/w{number}")
    say("ready")
    hear()
    for each in range(commits):
        store.mkdir(f"/w{number}/{each}")
"""


def test_eight_processes_write_at_once_and_none_is_refused(store: Store, child: Callable[..., Child]) -> None:
    processes, commits = 8, 60
    writers = [child(WRITER, store.folder, number, commits) for number in range(processes)]
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
        with store._backend.engine.write() as conn:
            conn.run("DELETE FROM entries")
            say("holding")
            hear()
        """,
        store.folder,
    )
    assert holder.hear() == "holding"
    holder.kill()
    store.write("/a.md", "a")
    assert len(store.ls("/")) == 6


def test_threads_of_one_turnstile_take_turns(tmp_path: Path) -> None:
    turnstile, inside, most = Turnstile(tmp_path / "turn"), 0, []

    def work() -> None:
        nonlocal inside
        for _ in range(200):
            with turnstile:
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
        with pytest.raises(RuntimeError), store._backend.engine.write() as conn:
            conn.run("DELETE FROM entries")
            raise RuntimeError
    assert len(store.ls("/")) == 5
    store.mkdir("/next")


def test_a_reader_sees_one_state_for_as_long_as_it_looks(store: Store) -> None:
    engine = store._backend.engine
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
