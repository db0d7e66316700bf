"""Snapshots: one committed state, for as long as it is held."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from holdfast.errors import NotFound
from holdfast.front.store import Store
from holdfast.host.clock import ManualClock
from tests.support.looking import contents_of, head
from tests.support.processes import Child


def test_a_snapshot_never_changes_while_writers_commit(store: Store) -> None:
    store.write("/d/a.md", "one")
    large = b"\0" * 100_000
    store.write("/d/large.bin", large)
    snap = store.snapshot()
    seen = contents_of(snap)
    pieces = snap.stream("/d/large.bin")
    store.write("/d/a.md", "two")
    store.write("/d/large.bin", b"\1" * 100_000)
    store.move("/d", "/e")
    store.remove("/e", recursive=True)
    assert contents_of(snap) == seen
    assert b"".join(pieces) == large
    assert snap.stat("/d/a.md").size == 3
    assert list(snap.glob("/**/*.md")) == ["/d/a.md"]
    assert [m.text for m in snap.grep("one")] == ["one"]
    assert contents_of(store) == {}


def test_a_reader_in_another_process_keeps_its_snapshot_while_a_move_commits(
    store: Store, child: Callable[..., Child]
) -> None:
    store.write("/d/a.md", "one")
    reader = child(
        """
        with holdfast.open(sys.argv[1], read_only=True) as store:
            snap = store.snapshot()
            say("holding", snap.commit.id)
            while hear() == "look":
                say(snap.exists("/d/a.md"), store.exists("/d/a.md"), snap.read("/d/a.md").decode())
        """,
        Path(store.address),
    )
    assert reader.hear() == f"holding {head(store)}"
    store.write("/d/a.md", "two")
    store.move("/d", "/e")
    reader.say("look")
    assert reader.hear() == "True False one"
    for number in range(20):
        store.write("/e/a.md", f"more {number}")
    reader.say("look")
    assert reader.hear() == "True False one"
    reader.say("stop")
    reader.finish()


def test_what_another_process_commits_is_seen_by_the_next_read(store: Store, child: Callable[..., Child]) -> None:
    writer = child(
        """
        with holdfast.open(sys.argv[1]) as store:
            while name := hear():
                store.write(name, name)
                say("done")
        """,
        Path(store.address),
    )
    for number in range(5):
        writer.say(f"/n{number}")
        assert writer.hear() == "done"
        assert store.read(f"/n{number}") == f"/n{number}".encode()
    writer.say("")
    writer.finish()


@pytest.fixture
def dated(store: Store, clock: ManualClock) -> list[tuple[int, float]]:
    """Write four commits an hour apart; return their (seq, time)."""
    made = []
    for number in range(4):
        clock.advance(3600)
        made.append((store.write("/a.md", f"version {number}").id, clock.now()))
    return made


def test_a_commit_is_named_by_number_by_distance_from_the_head_or_by_time(
    store: Store, dated: list[tuple[int, float]]
) -> None:
    (_, _), (second, at), (_, _), (last, _) = dated
    for name in (
        second,
        str(second),
        f" {second} ",
        "HEAD~2",
        "head~2",
        datetime.fromtimestamp(at, UTC),
        datetime.fromtimestamp(at + 3599),
        datetime.fromtimestamp(at, UTC).isoformat(),
        datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z"),
        datetime.fromtimestamp(at, UTC).astimezone().isoformat(),
    ):
        assert store.snapshot(at=name).read("/a.md") == b"version 1", name
    assert store.snapshot(at="HEAD").commit.id == store.snapshot().commit.id == last
    assert store.snapshot(at="HEAD~0").commit.id == last
    assert store.snapshot(at=datetime.now(UTC) + timedelta(days=9000)).commit.id == last


@pytest.mark.parametrize(
    "name",
    [
        0,
        -1,
        10**6,
        2**70,
        "0",
        "-1",
        "HEAD~99",
        "HEAD~x",
        "HEAD~",
        "HEAD^",
        "",
        "latest",
        "1.5",
        "²",
        "9" * 5000,
        "HEAD~" + "9" * 5000,
        "2020-13-45",
        "1999-01-01",
        datetime(1999, 1, 1, tzinfo=UTC),
        datetime.min,
        "0001-01-01",
    ],
)
def test_a_commit_that_is_not_there_is_not_found(store: Store, name: int | str | datetime) -> None:
    with pytest.raises(NotFound) as missing:
        store.snapshot(at=name)
    assert "holdfast log" in missing.value.remedy


def test_a_snapshot_before_anything_was_written_has_the_standard_directories(store: Store) -> None:
    store.write("/a.md", "a")
    assert [i.name for i in store.snapshot(at=1).ls("/")] == ["memories", "resources", "sessions", "skills", "wiki"]


def test_a_directory_is_no_file_and_a_file_no_directory(store: Store) -> None:
    store.write("/d/a.md", "a")
    assert not store.exists("/d/a.md/x")
    info = store.stat("/d/a.md")
    assert (info.kind, info.name, info.size, info.commit) == ("file", "a.md", 1, head(store))


def test_a_file_without_text_is_no_document(store: Store) -> None:
    from holdfast.errors import Unsupported

    store.write("/a.bin", bytes(range(256)))
    with pytest.raises(Unsupported):
        store.read_text("/a.bin")
    assert list(store.grep(".", "/")) == []
    with store.transaction() as tx:
        tx.write("/b.bin", bytes(range(255)))
        with pytest.raises(Unsupported):
            tx.read_text("/b.bin")


def test_a_regular_expression_that_is_none_is_refused(store: Store) -> None:
    from holdfast.errors import InvalidPath

    with pytest.raises(InvalidPath):
        store.grep("(", "/")


def test_a_time_names_the_commit_that_shows_it_though_the_clock_was_set_back(store: Store, clock: ManualClock) -> None:
    clock.advance(1000)
    shown = store.write("/a", "1")
    clock.advance(-600)
    later = store.write("/a", "2")
    assert store.snapshot(at=datetime.fromtimestamp(shown.at.timestamp(), UTC)).commit.id == shown.id
    assert store.snapshot(at=datetime.fromtimestamp(later.at.timestamp(), UTC)).commit.id == later.id
