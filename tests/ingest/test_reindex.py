"""Reindexing: what older versions made is made anew, in one step per group, and nothing else is touched."""

from dataclasses import replace
from pathlib import Path

import pytest

import holdfast
from holdfast.catalog import search_rows
from holdfast.errors import ConversionFailed, NotFound
from holdfast.front.store import Store
from holdfast.host.clock import ManualClock
from holdfast.index.text import analysis
from holdfast.ingest import reindex as module
from holdfast.ingest.conversion.limits import ConversionLimits
from holdfast.ingest.conversion.port import ConvertedDocument, Document
from holdfast.ingest.converters.text import TextConverter
from holdfast.ingest.report import Progress
from holdfast.testing.seams import rooms
from holdfast.upkeep.retire import retire


@pytest.fixture
def old(store: Store) -> Store:
    """Return a store with rows in the tail and in the table, a picture, and a file that only history shows."""
    store.write("/d/a.md", "# Ants\n\nwork")
    store.write("/gone.md", "# Gone\n\nfor good")
    store.maintenance.optimize()
    store.remove("/gone.md")
    store.write("/d/b.md", "# Bees\n\nhum")
    store.write("/c.bin", bytes(range(256)))
    return store


@pytest.fixture
def upgraded(old: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Return that store, after an upgrade whose text converter says more."""
    convert = TextConverter.convert

    def more(self: TextConverter, document: Document, limits: ConversionLimits) -> ConvertedDocument:
        found = convert(self, document, limits)
        return replace(found, markdown=f"PREFACE\n\n{found.markdown}")

    monkeypatch.setattr(TextConverter, "convert", more)
    monkeypatch.setattr(TextConverter, "version", "0.9")
    return old


def found(store: Store, word: str, at: int | None = None) -> list[str]:
    return sorted({hit.path for hit in store.search(word, mode="text", limit=20, at=at)})


def test_an_upgrade_changes_nothing_until_a_reindex(upgraded: Store) -> None:
    assert upgraded.read_text("/d/a.md") == "# Ants\n\nwork"
    assert found(upgraded, "preface") == []
    report = upgraded.maintenance.reindex()
    assert (report.checked, report.renewed, report.failed, report.interrupted) == (3, 2, (), False)
    assert upgraded.read_text("/d/a.md") == "PREFACE\n\n# Ants\n\nwork"
    assert found(upgraded, "preface") == ["/d/a.md", "/d/b.md"]
    assert upgraded.maintenance.verify(deep=True).problems == ()


def test_a_hit_points_into_the_markdown_that_was_made_anew(upgraded: Store) -> None:
    upgraded.maintenance.reindex()
    (hit,) = upgraded.search("hum", mode="text", limit=1)
    assert "hum" in upgraded.read_text("/d/b.md")[hit.start : hit.end]


def test_history_is_left_as_it_is(upgraded: Store) -> None:
    retire(rooms(upgraded))
    before, head = [*upgraded.log()], upgraded.commit_at().id
    upgraded.maintenance.reindex()
    assert [*upgraded.log()] == before
    assert upgraded.read("/d/a.md") == b"# Ants\n\nwork"
    assert found(upgraded, "gone", at=3) == ["/gone.md"]
    assert upgraded.commit_at().id == head


def test_what_is_of_today_is_not_made_again(upgraded: Store) -> None:
    assert upgraded.maintenance.reindex().renewed == 2
    assert upgraded.maintenance.reindex().renewed == 0
    assert upgraded.maintenance.reindex(everything=True).renewed == 2
    assert upgraded.maintenance.verify(deep=True).problems == ()


def test_a_new_store_has_nothing_to_reindex(old: Store) -> None:
    assert (old.maintenance.reindex().checked, old.maintenance.reindex().renewed) == (3, 0)


def test_rows_of_another_analyser_are_made_again(old: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analysis, "ANALYSER", "holdfast-terms/another")
    assert old.maintenance.reindex().renewed == 2
    assert old.maintenance.reindex().renewed == 0


@pytest.mark.parametrize(("under", "renewed"), [("/d", ["/d/a.md", "/d/b.md"]), ("/d/b.md", ["/d/b.md"])])
def test_a_reindex_may_be_of_a_part(upgraded: Store, under: str, renewed: list[str]) -> None:
    upgraded.write("/else.md", "not upgraded")
    assert upgraded.maintenance.reindex(under).renewed == len(renewed)
    assert found(upgraded, "preface", at=upgraded.commit_at().id) == sorted([*renewed, "/else.md"])


def test_under_must_be_there(old: Store) -> None:
    with pytest.raises(NotFound):
        old.maintenance.reindex("/nowhere")


def test_what_cannot_be_converted_any_more_keeps_what_it_has(old: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: TextConverter, document: Document, limits: ConversionLimits) -> ConvertedDocument:
        raise ConversionFailed("no more", remedy="Have it looked at")

    monkeypatch.setattr(TextConverter, "convert", refuse)
    monkeypatch.setattr(TextConverter, "version", "2")
    report = old.maintenance.reindex("/d")
    assert [(each.source, each.code, each.reason) for each in sorted(report.failed, key=lambda f: f.source)] == [
        ("/d/a.md", "conversion_failed", "no more. Have it looked at"),
        ("/d/b.md", "conversion_failed", "no more. Have it looked at"),
    ]
    assert (found(old, "ants"), old.read_text("/d/b.md")) == (["/d/a.md"], "# Bees\n\nhum")
    assert old.maintenance.verify(deep=True).problems == ()


def test_a_stop_leaves_whole_groups_and_the_next_reindex_goes_on(
    upgraded: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GROUP_CONTENTS", 1)
    seen: list[Progress] = []
    report = upgraded.maintenance.reindex(progress=seen.append, stop=lambda: len(seen) == 1)
    assert (report.renewed, report.interrupted) == (1, True)
    assert len(found(upgraded, "preface")) == 1
    assert upgraded.maintenance.reindex().renewed == 1
    assert [(each.files, each.files_found) for each in seen] == [(0, 2)]


def test_what_was_removed_and_retired_meanwhile_stays_in_history(upgraded: Store) -> None:
    def remove_behind(progress: Progress) -> None:
        if upgraded.exists("/d/a.md"):
            upgraded.maintenance.optimize()
            upgraded.remove("/d/a.md")
            retire(rooms(upgraded))

    gone = upgraded.stat("/d/a.md").content_id or ""
    upgraded.maintenance.reindex(progress=remove_behind)
    with rooms(upgraded).engine.read() as conn:
        place = search_rows.places(conn, rooms(upgraded).embedder, [gone])[gone].place
    assert place == search_rows.HISTORY
    assert upgraded.maintenance.verify(deep=True).problems == ()


def test_another_process_sees_the_old_or_the_new(upgraded: Store) -> None:
    with holdfast.open(Path(upgraded.address)) as other:
        assert found(other, "bees") == ["/d/b.md"]
        upgraded.maintenance.reindex()
        assert found(other, "preface bees") == ["/d/a.md", "/d/b.md"]
        assert len(other.search("bees", mode="text", under="/d/b.md")) == 1


def test_what_was_made_anew_is_the_newest_though_the_clock_was_set_back(upgraded: Store, clock: ManualClock) -> None:
    clock.advance(-3600)
    upgraded.maintenance.reindex()
    assert upgraded.read_text("/d/a.md").startswith("PREFACE")
    assert upgraded.maintenance.reindex().renewed == 0
