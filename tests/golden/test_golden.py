"""Stores that earlier versions wrote, on another host: this one reads all of them, and writes to them."""

import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import holdfast
from holdfast import Components
from holdfast.blobs.hashing import content_id
from holdfast.errors import Locked
from holdfast.front.store import Store
from holdfast.host.clock import ManualClock
from holdfast.recovery.sweep import sweep
from holdfast.testing.seams import rooms
from tests.golden import make
from tests.support.looking import contents_of

ARCHIVES = sorted(make.HERE.glob("format-*.tar.xz"))
#: seconds
LEASE = 3600.0


@pytest.fixture(params=ARCHIVES, ids=lambda path: path.name.partition(".")[0])
def unpacked(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return a folder with a copy of a golden store, and what its makers saw in it."""
    with tarfile.open(request.param) as tar:
        tar.extractall(tmp_path, filter="data")
    return tmp_path


@pytest.fixture
def clock() -> ManualClock:
    """Return a clock that goes on where the store was left."""
    return ManualClock(make.KILLED_AT + 1)


@pytest.fixture
def golden(unpacked: Path, clock: ManualClock) -> Iterator[Store]:
    """Return the copy, open."""
    with holdfast.open(unpacked / make.STORE, components=Components(clock=clock)) as opened:
        yield opened


@pytest.fixture
def expected(unpacked: Path) -> Any:
    """Return what those who made the store saw in it."""
    return json.loads((unpacked / make.EXPECTED).read_text("utf-8"))


def found(store: Store, query: str, **options: Any) -> set[str]:
    """Return where a full text search finds something."""
    return {hit.path for hit in store.search(query, mode="text", limit=50, **options)}


def staged_blob(store: Store) -> bool:
    """Return whether what the killed writer had staged is still there."""
    return rooms(store).blobs.has(content_id(make.UNPUBLISHED))


def test_there_is_a_golden_store_of_the_present_format() -> None:
    assert make.ARCHIVE in ARCHIVES


def test_every_commit_shows_what_it_showed(golden: Store, expected: Any) -> None:
    assert [[c.id, c.at.timestamp(), c.actor, c.message] for c in golden.log()] == expected["log"]
    for seq, tree in expected["trees"].items():
        assert {info.path: info.content_id for info in golden.snapshot(int(seq)).tree()} == tree
    for seq, properties in expected["properties"].items():
        assert {path: golden.snapshot(int(seq)).properties.get(path) for path in properties} == properties
    assert list(golden.glob("/**", where={"rating": 4, "tags": "walrus"})) == ["/journal/a.md"]
    texts = {path: held for path, held in contents_of(golden).items() if path in expected["texts"]}
    assert {path: (held or b"").decode() for path, held in texts.items()} == expected["texts"]
    assert golden.read("/data.bin") == make.BLOB


def test_nothing_is_wrong_with_it(golden: Store) -> None:
    report = golden.maintenance.verify(deep=True)
    assert report.problems == ()


def test_it_is_searched_in_tail_table_and_history(golden: Store) -> None:
    assert found(golden, "walrus") >= {"/journal/a.md"}
    assert found(golden, "pelican") == {"/page.html"}
    assert found(golden, "wombat") == {"/tail.md"}
    assert found(golden, "quokka") == set()
    assert len(found(golden, "quokka", at=2)) == 20
    assert "/page.html" in {hit.path for hit in golden.search("a bird has a lock", mode="vector", limit=3)}


def test_its_history_goes_on(golden: Store, expected: Any) -> None:
    assert golden.stat("/journal/a.md").id == expected["node"]
    assert [commit.message for commit in golden.log("/journal/a.md")] == ["rate", "change", "begin"]
    golden.restore("/old", at=2)
    assert [commit.message for commit in golden.log("/old")][1:] == ["remove", "begin"]
    assert len(found(golden, "quokka")) == 20
    with golden.transaction(idempotency_key="golden") as tx:
        tx.write("/twice.md", "no")
    assert not golden.exists("/twice.md")
    assert golden.maintenance.verify(deep=True).problems == ()


def test_its_sessions_and_jobs_go_on(golden: Store) -> None:
    session = golden.session("support")
    assert [message.content for message in session.messages()] == ["And the ocelots?"]
    assert len(session.messages(archived=True)) == 3
    session.append("assistant", "By night.")
    assert session.commit().path.endswith("archive-002")
    assert sorted(job.kind for job in golden.jobs) == ["greet", "memory", "memory"]
    assert golden.summaries.abstract("/journal", derive=False).text


def test_it_is_written_to(golden: Store) -> None:
    golden.write("/journal/a.md", "# A\n\nThe narwhal came.")
    golden.write("/new.bin", make.BLOB[7:])
    golden.move("/journal", "/diary")
    golden.maintenance.optimize()
    golden.maintenance.gc()
    assert found(golden, "narwhal") == {"/diary/a.md"}
    assert golden.read("/new.bin") == make.BLOB[7:]
    assert golden.maintenance.verify(deep=True).problems == ()


def test_what_a_writer_on_another_host_holds_is_left_to_it_until_its_lease_ends(
    golden: Store, clock: ManualClock
) -> None:
    sweep(rooms(golden))
    golden.maintenance.gc()
    assert staged_blob(golden)
    with pytest.raises(Locked, match="golden"):
        golden.write("/held/x.md", "mine")
    clock.advance(LEASE)
    sweep(rooms(golden))
    # It is asked for a sign of life first: a clock that was set forward takes nothing from a writer that works.
    assert staged_blob(golden)
    clock.advance(LEASE + 1)
    sweep(rooms(golden))
    assert not staged_blob(golden)
    golden.write("/held/x.md", "mine")
    assert golden.maintenance.verify(deep=True).problems == ()
    assert not golden.exists("/unpublished.bin")
