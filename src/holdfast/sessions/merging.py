"""Merging what a model reports with what is remembered: add, update, supersede, and never the same thing twice.

The model answered from what was remembered when it was asked. By the time its answer is published, another job or a
person may have changed that: the merge is made on the newest state, and text that the model has not seen is never
overwritten. What was forgotten since the conversation is not brought back.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from holdfast.sessions.memory import Memory, MemorySource, path_of, to_the_second, with_source
from holdfast.sessions.tombstones import ForgottenMemories

#: part of their words that two memories of a kind share when they are taken for the same
SAME = 0.85

_WORDS = re.compile(r"\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One thing to remember."""

    #: add | update | supersede
    action: str
    kind: str
    key: str
    title: str
    content: str
    #: path of the memory that is updated or superseded
    target: str | None
    source: MemorySource


@dataclass
class Merged:
    """What is to be written. `memories` starts as what is remembered and ends as what is to be."""

    memories: dict[str, Memory]
    changed: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)
    #: how many reports of each action took effect
    counts: dict[str, int] = field(default_factory=dict)

    def put(self, path: str, memory: Memory, action: str) -> None:
        self.memories[path] = memory
        self.changed.add(path)
        self.removed.discard(path)
        self.count(action)

    def remove(self, path: str) -> None:
        self.memories.pop(path, None)
        self.changed.discard(path)
        self.removed.add(path)

    def unchanged(self) -> None:
        self.count("unchanged")

    def count(self, action: str) -> None:
        self.counts[action] = self.counts.get(action, 0) + 1


def merge(
    remembered: Mapping[str, Memory],
    seen: Mapping[str, Memory],
    reports: Iterable[Report],
    now: datetime,
    gone: ForgottenMemories | None = None,
) -> Merged:
    """Return `remembered` (by path) with `reports` merged in.

    `seen` is what the model was shown when it made them, `gone` what was moved or forgotten since it was said.
    """
    merged, gone = Merged(dict(remembered)), gone or ForgottenMemories()
    for report in reports:
        there = _target(merged.memories, report, gone) or _same_subject(merged.memories, report)
        if there is None and _is_forgotten(report, gone):
            merged.count("forgotten")
        elif there is None:
            merged.put(path_of(report.kind, report.key), _new(report, now), "added")
        elif report.action == "supersede" and _is_seen(seen, there, merged.memories[there]):
            _supersede(merged, there, report, now)
        else:
            _update(merged, seen, there, report, now)
    return merged


def _target(memories: Mapping[str, Memory], report: Report, gone: ForgottenMemories) -> str | None:
    """Return the memory that a report names, where it stands now: it may have been moved, or superseded by another."""
    path = gone.moved.get(report.target or "", report.target)
    if path is None or path in memories:
        return path
    return next((place for place, memory in memories.items() if path in memory.supersedes), None)


def _is_forgotten(report: Report, gone: ForgottenMemories) -> bool:
    if not gone.forgotten.keys().isdisjoint((path_of(report.kind, report.key), report.target)):
        return True
    words = _words(report.content)
    return any(
        memory.kind == report.kind and _likeness(words, _words(memory.content)) >= SAME
        for memory in gone.forgotten.values()
    )


def _is_seen(seen: Mapping[str, Memory], path: str, memory: Memory) -> bool:
    return path in seen and seen[path].content == memory.content


def _same_subject(memories: Mapping[str, Memory], report: Report) -> str | None:
    """Return the memory that a report without a valid target is about: of the same key, or nearly the same words."""
    path = path_of(report.kind, report.key)
    if path in memories:
        return path
    words = _words(report.content)
    best = max(
        ((_likeness(words, _words(m.content)), path) for path, m in memories.items() if m.kind == report.kind),
        default=(0.0, ""),
    )
    return best[1] if best[0] >= SAME else None


def _update(merged: Merged, seen: Mapping[str, Memory], path: str, report: Report, now: datetime) -> None:
    old = merged.memories[path]
    sources = with_source(old.sources, report.source)
    if _likeness(_words(report.content), _words(old.content)) >= 1.0:
        # Nothing new was said; that it was said again is noted once.
        if sources == old.sources:
            return merged.unchanged()
        return merged.put(path, replace(old, sources=sources), "confirmed")
    known = _is_seen(seen, path, old)
    content = report.content if known and report.action == "update" else _joined(old.content, report.content)
    new = replace(old, title=report.title, content=content, updated=to_the_second(now), sources=sources)
    return merged.put(path, new, "updated")


def _supersede(merged: Merged, path: str, report: Report, now: datetime) -> None:
    old = merged.memories[path]
    if report.source in old.sources and report.content.strip() == old.content:
        return merged.unchanged()
    place = path_of(report.kind, report.key)
    supersedes = old.supersedes
    if place != path:
        merged.remove(path)
        supersedes = (*old.supersedes, path)
    if place != path and place in merged.memories:
        # Something else stands where it would go: it is told there what is true now.
        there = merged.memories[place]
        sources = with_source(there.sources, report.source)
        content = _joined(there.content, report.content)
        new = replace(there, content=content, updated=to_the_second(now), sources=sources, supersedes=supersedes)
        return merged.put(place, new, "superseded")
    return merged.put(place, replace(_new(report, now), supersedes=supersedes), "superseded")


def _new(report: Report, now: datetime) -> Memory:
    time = to_the_second(now)
    return Memory(
        kind=report.kind,
        title=report.title,
        content=report.content.strip(),
        created=time,
        updated=time,
        sources=(report.source,),
    )


def _joined(old: str, new: str) -> str:
    return old if new.strip() in old else f"{old.strip()}\n\n{new.strip()}"


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORDS.findall(text.casefold()))


def _likeness(a: frozenset[str], b: frozenset[str]) -> float:
    return len(a & b) / len(a | b) if a or b else 1.0
