"""Moving to another embedder."""

from collections.abc import Callable
from pathlib import Path

import pytest

import holdfast
from holdfast.errors import Conflict, InvalidConfig
from holdfast.front.store import Store
from holdfast.index.embedding.chosen import choose
from holdfast.testing import rooms
from holdfast.upkeep.moving import move
from tests.support.encoders import make_encoder

pytest.importorskip("onnxruntime")


@pytest.fixture
def encoder(tmp_path: Path) -> str:
    return str(make_encoder(tmp_path / "tiny"))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = holdfast.create(tmp_path / "kb", components=holdfast.Components(upkeep=False))
    made.write("/past.md", "lock past")
    made.write("/old.md", "garden lock")
    made.remove("/past.md")
    made.maintenance.optimize()
    made.write("/tail.md", "---\ndescription: disk\n---\n# Soup\n\nrecipe")
    made.write("/note.md", "soup")
    return made


def found(store: Store, query: str, **more: str) -> set[str]:
    return {hit.path for hit in store.search(query, limit=20, **more)}  # type: ignore[arg-type]


def tables(store: Store) -> list[str]:
    return sorted(each.name for each in (Path(store.address) / "tables").iterdir())


def test_all_is_found_with_the_new_rows_at_every_commit_and_the_old_ones_go(store: Store, encoder: str) -> None:
    before = store.commit_at().id
    with store:
        report = store.maintenance.reindex(embedder=encoder)
        assert (report.renewed, report.interrupted) == (4, False)
        assert rooms(store).embedder.startswith("tiny-")
        assert found(store, "lease", mode="vector") == {"/old.md", "/tail.md", "/note.md"}
        assert store.search("lease", mode="vector", limit=1)[0].path == "/old.md"
        assert found(store, "lock") >= {"/old.md"}
        assert {hit.path for hit in store.search("lock past", at=2)} == {"/past.md"}
        assert store.maintenance.verify(deep=True).problems == ()
        assert all("tiny" in name for name in tables(store))
        assert store.commit_at().id == before
        store.write("/more.md", "lease")
        store.maintenance.optimize()
        assert found(store, "lease", mode="text") == {"/more.md"}
        assert store.maintenance.verify(deep=True).problems == ()


def test_a_process_that_was_open_follows_with_its_searches_and_its_writes(store: Store, encoder: str) -> None:
    with store, holdfast.open(store.address) as other:
        assert found(other, "lock", mode="vector")
        store.maintenance.reindex(embedder=encoder)
        assert other.search("lease", mode="vector", limit=1)[0].path == "/old.md"
    with holdfast.open(store.address) as one, holdfast.open(store.address) as other:
        one.maintenance.reindex(embedder="static-minilm-256-v2-int8")
        other.write("/late.md", "a late recipe")
        other.maintenance.optimize()
        assert found(one, "late", mode="text") == found(other, "late", mode="text") == {"/late.md"}
        assert other.maintenance.verify(deep=True).problems == ()


class Stop(Exception):
    pass


def meanwhile(name: str, action: Callable[[], object]) -> Callable[[str], None]:
    """Return what does something once, when a fault point is passed."""
    left = [action]

    def at(point: str) -> None:
        if point == name and left:
            left.pop()()

    return at


def test_what_changes_meanwhile_is_there_when_searches_turn(store: Store, encoder: str) -> None:
    with store, holdfast.open(store.address) as other:

        def change() -> None:
            other.write("/meanwhile.md", "disk lease")
            other.write("/note.md", "garden")
            other.remove("/old.md")
            other.maintenance.optimize()
            other.maintenance.gc(keep=1)
            assert found(other, "soup")

        for point in ("moving.before_publish", "moving.before_turn"):
            with holdfast.faults.observing(meanwhile(point, change)):
                store.maintenance.reindex(embedder=encoder)
            assert "/meanwhile.md" in found(store, "lease", mode="vector")
            assert store.maintenance.verify(deep=True).problems == ()
            other.write("/old.md", "lock garden")
            store.maintenance.reindex(embedder="static-minilm-256-v2-int8")
            assert "/old.md" in found(store, "lock", mode="text")
            assert store.maintenance.verify(deep=True).problems == ()


@pytest.mark.parametrize("name", ["moving.before_begin", "moving.before_publish", "moving.before_turn"])
def test_a_move_that_failed_leaves_searches_as_they_are_and_goes_on(store: Store, encoder: str, name: str) -> None:
    def stop() -> None:
        raise Stop

    with store:
        with holdfast.faults.observing(meanwhile(name, stop)), pytest.raises(Stop):
            store.maintenance.reindex(embedder=encoder)
        assert found(store, "lock") >= {"/old.md"}
        assert store.maintenance.verify(deep=True).problems == ()
        store.maintenance.gc()
        report = store.maintenance.reindex(embedder=encoder)
        assert report.renewed == (0 if name == "moving.before_turn" else 4)
        assert found(store, "lease", mode="vector")
        assert store.maintenance.verify(deep=True).problems == ()


def test_a_model_that_vanishes_meanwhile_is_not_turned_to_and_the_doctor_says_when_one_is_gone(
    store: Store, encoder: str
) -> None:
    away = Path(encoder).with_name("away")
    with store:
        action = meanwhile("moving.before_publish", lambda: Path(encoder).rename(away))
        with holdfast.faults.observing(action), pytest.raises(InvalidConfig, match="no embedder named"):
            store.maintenance.reindex(embedder=encoder)
        assert found(store, "soup", mode="vector")
        away.rename(encoder)
        store.maintenance.reindex(embedder=encoder)
        assert not [each for each in store.maintenance.doctor() if each.level == "problem"]
        Path(encoder).rename(away)
        [problem] = [each for each in store.maintenance.doctor() if each.level == "problem"]
        assert "rows are of the embedder tiny-" in problem.what
        assert found(store, "soup", mode="text") == {"/note.md", "/tail.md"}


def test_a_stop_keeps_what_was_made_and_staying_gives_it_up(store: Store, encoder: str) -> None:
    with store:
        assert store.maintenance.reindex(embedder=encoder, stop=lambda: True).interrupted
        assert any("tiny" in name for name in tables(store))
        store.maintenance.reindex(embedder="static-minilm-256-v2-int8")
        store.maintenance.gc()
        assert not any("tiny" in name for name in tables(store))


def test_of_two_moves_the_later_one_wins(store: Store, encoder: str, tmp_path: Path) -> None:
    other = choose(str(make_encoder(tmp_path / "other", seed=3)))
    with store, holdfast.open(store.address) as second:
        action = meanwhile("moving.before_turn", lambda: move(rooms(second), other))
        with holdfast.faults.observing(action), pytest.raises(Conflict, match=r"tiny-.* any more|changed all the time"):
            store.maintenance.reindex(embedder=encoder)
        assert rooms(store).embedder == other.name
        assert found(store, "lease", mode="vector")


def test_a_model_that_lies_elsewhere_now_is_found_there_without_making_anything(store: Store, tmp_path: Path) -> None:
    first = make_encoder(tmp_path / "a" / "tiny")
    with store:
        store.maintenance.reindex(embedder=str(first))
        (tmp_path / "b").mkdir()
        first.rename(tmp_path / "b" / "tiny")
        assert store.maintenance.reindex(embedder=str(tmp_path / "b" / "tiny")).renewed == 0
    with holdfast.open(store.address) as again:
        assert found(again, "lease", mode="vector")
