"""Merging memories: add, update, supersede; never twice the same, never over what the model has not seen."""

from datetime import UTC, datetime

from holdfast.sessions.memory import Memory, MemorySource, from_markdown, path_of, slug, with_source
from holdfast.sessions.merging import Merged, Report, merge
from holdfast.sessions.tombstones import ForgottenMemories

HERE = MemorySource("/sessions/a/archive-001", (1, 2))
THERE = MemorySource("/sessions/b/archive-001", (7,))
UNITS = "/memories/preferences/preferred-units.md"
NOW = datetime(2026, 8, 2, tzinfo=UTC)
THEN = datetime(2026, 8, 1, tzinfo=UTC)


def report(
    content: str,
    *,
    action: str = "add",
    key: str = "preferred units",
    target: str | None = None,
    source: MemorySource = THERE,
    kind: str = "preferences",
) -> Report:
    return Report(action=action, kind=kind, key=key, title=key.title(), content=content, target=target, source=source)


def remembered(content: str = "Metric units, always and everywhere.") -> dict[str, Memory]:
    return {
        UNITS: Memory(kind="preferences", title="Units", content=content, created=THEN, updated=THEN, sources=(HERE,))
    }


def done(known: dict[str, Memory], *reports: Report, seen: dict[str, Memory] | None = None) -> Merged:
    return merge(known, known if seen is None else seen, reports, NOW)


def test_something_new_is_added_with_its_source() -> None:
    merged = done({}, report("Metric."))
    assert merged.memories[UNITS].sources == (THERE,)
    assert merged.changed == {UNITS}
    assert merged.counts == {"added": 1}


def test_what_is_said_again_is_confirmed_and_not_repeated() -> None:
    merged = done(remembered(), report("metric units: always, and everywhere!"))
    assert merged.memories[UNITS].content == "Metric units, always and everywhere."
    assert merged.memories[UNITS].sources == (HERE, THERE)
    assert merged.counts == {"confirmed": 1}
    again = done(merged.memories, report("Metric units, always and everywhere."))
    assert (again.changed, again.counts) == (set(), {"unchanged": 1})


def test_nearly_the_same_words_under_another_key_are_the_same_memory() -> None:
    known = remembered("The user prefers metric units in all answers given to them in any chat")
    said = "The user prefers metric units in all answers given to them in any talk chat"
    merged = done(known, report(said, action="update", key="units of measure"))
    assert list(merged.memories) == [UNITS]
    assert merged.memories[UNITS].content == said
    elsewhere = done(known, report(said, key="units", kind="profile"))
    assert sorted(elsewhere.memories) == [UNITS, "/memories/profile/units.md"]


def test_an_update_replaces_the_text_the_model_has_seen() -> None:
    merged = done(remembered(), report("Metric, but feet for heights.", action="update", target=UNITS))
    assert merged.memories[UNITS].content == "Metric, but feet for heights."
    assert merged.memories[UNITS].created == THEN
    assert merged.memories[UNITS].updated == NOW
    assert merged.memories[UNITS].sources == (HERE, THERE)


def test_what_the_model_has_not_seen_is_never_overwritten() -> None:
    new = report("Metric, but feet for heights.", action="update", target=UNITS)
    merged = done(remembered("A person changed this meanwhile."), new, seen=remembered())
    assert merged.memories[UNITS].content == "A person changed this meanwhile.\n\nMetric, but feet for heights."
    added = done(remembered(), report("Imperial for aviation."), seen={})
    assert added.memories[UNITS].content == "Metric units, always and everywhere.\n\nImperial for aviation."


def test_what_is_no_longer_true_is_replaced_and_named() -> None:
    merged = done(remembered(), report("Imperial now.", action="supersede", key="unit system", target=UNITS))
    place = "/memories/preferences/unit-system.md"
    assert list(merged.memories) == [place]
    assert merged.removed == {UNITS}
    assert merged.memories[place].supersedes == (UNITS,)
    assert merged.memories[place].sources == (THERE,)
    assert merged.counts == {"superseded": 1}


def test_superseding_in_place_replaces_text_and_sources() -> None:
    new = report("Imperial now.", action="supersede", target=UNITS)
    merged = done(remembered(), new)
    assert (merged.memories[UNITS].content, merged.memories[UNITS].sources) == ("Imperial now.", (THERE,))
    assert merged.removed == set()
    assert done(merged.memories, new).counts == {"unchanged": 1}


def test_superseding_into_a_place_that_is_taken_keeps_what_stands_there() -> None:
    place = "/memories/preferences/unit-system.md"
    known = {**remembered(), place: Memory(kind="preferences", title="System", content="The SI.", sources=(HERE,))}
    merged = done(known, report("Imperial now.", action="supersede", key="unit system", target=UNITS))
    assert merged.memories[place].content == "The SI.\n\nImperial now."
    assert merged.removed == {UNITS}


def test_superseding_what_the_model_has_not_seen_adds_to_it() -> None:
    new = report("Imperial now.", action="supersede", key="unit system", target=UNITS)
    merged = done(remembered("A person changed this meanwhile."), new, seen=remembered())
    assert list(merged.memories) == [UNITS]
    assert merged.memories[UNITS].content == "A person changed this meanwhile.\n\nImperial now."
    assert merged.removed == set()


def test_what_was_forgotten_is_not_brought_back() -> None:
    gone = ForgottenMemories(forgotten=remembered())
    same_key = report("Metric.")
    same_words = report("metric units always and everywhere", key="measures")
    same_target = report("Metric, mostly.", action="update", key="measures", target=UNITS)
    for each in (same_key, same_words, same_target):
        merged = merge({}, remembered(), [each], NOW, gone)
        assert (merged.memories, merged.changed, merged.counts) == ({}, set(), {"forgotten": 1})
    other = merge({}, remembered(), [report("Green tea.", key="tea")], NOW, gone)
    assert other.counts == {"added": 1}


def test_a_memory_that_was_moved_is_updated_where_it_is() -> None:
    place = "/memories/preferences/units-i-like.md"
    known = {place: remembered()[UNITS]}
    new = report("Metric, but feet for heights.", action="update", target=UNITS)
    merged = merge(known, remembered(), [new], NOW, ForgottenMemories(moved={UNITS: place}))
    assert list(merged.memories) == [place]


def test_what_was_superseded_meanwhile_is_found_in_what_took_its_place() -> None:
    place = "/memories/preferences/unit-system.md"
    known = {
        place: Memory(kind="preferences", title="System", content="Imperial now.", sources=(HERE,), supersedes=(UNITS,))
    }
    new = report("Nautical miles.", action="supersede", target=UNITS)
    merged = merge(known, remembered(), [new], NOW, ForgottenMemories(forgotten=remembered()))
    assert list(merged.memories) == [place]
    assert merged.memories[place].content == "Imperial now.\n\nNautical miles."


def test_a_target_that_is_gone_is_no_target() -> None:
    merged = done({}, report("Metric.", action="supersede", target="/etc/passwd"))
    assert list(merged.memories) == [UNITS]
    assert merged.removed == set()


def test_a_memory_is_read_back_as_it_was_written() -> None:
    memory = Memory(
        kind="preferences",
        title='Units: "metric"',
        content="Body\n\n---\nmore",
        created=THEN,
        updated=NOW,
        sources=(HERE, THERE),
        supersedes=(UNITS,),
    )
    assert from_markdown(memory.to_markdown(), "preferences") == memory


def test_what_a_person_wrote_is_a_memory_too() -> None:
    plain = from_markdown("# Tea\n\nGreen, no sugar.", "preferences")
    assert (plain.title, plain.content, plain.sources) == ("Tea Green, no sugar.", "# Tea\n\nGreen, no sugar.", ())
    broken = from_markdown("---\ntitle: Tea\nsources: [nonsense\n---\nGreen.", "preferences")
    assert (broken.title, broken.content, broken.sources) == ("Tea", "Green.", ())
    odd = from_markdown('---\nsources: [3, {"archive": "/a", "messages": ["x", 4]}]\n---\nGreen.', "preferences")
    assert odd.sources == (MemorySource("/a", (4,)),)


def test_sources_of_one_archive_become_one() -> None:
    again = MemorySource(HERE.archive, (2, 3))
    assert with_source((HERE, THERE), again) == (MemorySource(HERE.archive, (1, 2, 3)), THERE)


def test_keys_become_names() -> None:
    assert slug("Preferred  UNITS!") == "preferred-units"
    assert slug("../../etc/passwd") == "etc-passwd"
    assert slug("???") == "memory"
    assert len(slug("語" * 300).encode()) <= 200
    assert path_of("events", "Trip to Rome") == "/memories/events/trip-to-rome.md"
