"""A memory: a short text under /memories/KIND/, whose front matter says which messages it came from."""

import functools
import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from holdfast import paths
from holdfast.sessions.messages import iso

ROOT = "/memories"
#: kinds every store has, with what belongs there
KINDS = {
    "profile": "lasting facts about the user: name, role, place, languages, background",
    "preferences": "what the user likes, dislikes or wants done in a certain way",
    "entities": "people, organisations, projects, systems and things, with what was learned about them",
    "events": "what happened or is planned, with its date",
    "cases": "problems that were solved: the situation, what was tried, what worked",
}
#: characters of a file's name, before `.md`
SLUG_CHARACTERS = 60
#: sources that a memory keeps; the oldest go first
SOURCES_KEPT = 100

_FRONT = re.compile(r"\A---\n(.*?)\n---\n", re.S)


@dataclass(frozen=True, slots=True)
class MemorySource:
    """Messages of an archive that a memory came from."""

    archive: str
    #: message ids
    messages: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """A memory: a short text with the messages that it came from."""

    kind: str
    title: str
    content: str
    #: None when a person wrote it and did not say
    created: datetime | None = None
    updated: datetime | None = None
    sources: tuple[MemorySource, ...] = ()
    #: paths of memories that this one took the place of
    supersedes: tuple[str, ...] = ()
    #: where it stands; empty before it is written
    path: str = field(default="", compare=False)

    def to_markdown(self) -> str:
        """Return the file that holds it. Every value of the front matter is JSON, which YAML reads too."""
        fields: dict[str, Any] = {
            "title": self.title,
            "kind": self.kind,
            "created": self.created and iso(self.created),
            "updated": self.updated and iso(self.updated),
            "sources": [{"archive": s.archive, "messages": list(s.messages)} for s in self.sources],
            "supersedes": list(self.supersedes),
        }
        front = "".join(f"{name}: {json.dumps(value, ensure_ascii=False)}\n" for name, value in fields.items() if value)
        return f"---\n{front}---\n\n{self.content.strip()}\n"


def to_the_second(now: datetime) -> datetime:
    """Return a time as memories carry it."""
    return now.replace(microsecond=0)


@functools.lru_cache(maxsize=4096)
def from_markdown(text: str, kind: str) -> Memory:
    """Return the memory in a file; one without readable front matter, as a person may write it, is all content."""
    found = _FRONT.match(text)
    fields = _fields(found.group(1)) if found else {}
    content = text[found.end() :] if found else text
    title = fields.get("title") or _first_words(content)
    return Memory(
        kind=kind,
        title=str(title),
        content=content.strip(),
        created=_time(fields.get("created")),
        updated=_time(fields.get("updated")),
        sources=_sources(fields.get("sources")),
        supersedes=tuple(str(path) for path in _list(fields.get("supersedes"))),
    )


def path_of(kind: str, key: str) -> str:
    """Return where a memory of that key stands."""
    return paths.join(paths.join(ROOT, kind), f"{slug(key)}.md")


def slug(key: str) -> str:
    """Return a key as a file's name: lower case, words joined by hyphens."""
    folded = unicodedata.normalize("NFKC", key).casefold()
    words = re.findall(r"\w+", folded)
    name = "-".join(words)[:SLUG_CHARACTERS].strip("-_")
    # Names are limited in bytes, and a letter may take four.
    return paths.check_name(name.encode("utf-8")[:200].decode("utf-8", "ignore") or "memory")


def with_source(sources: Iterable[MemorySource], new: MemorySource) -> tuple[MemorySource, ...]:
    """Return `sources` with `new` among them; the same archive twice becomes one."""
    merged: dict[str, set[int]] = {}
    for source in (*sources, new):
        merged.setdefault(source.archive, set()).update(source.messages)
    every = tuple(MemorySource(archive, tuple(sorted(ids))) for archive, ids in merged.items())
    return every[-SOURCES_KEPT:]


def _fields(front: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for line in front.split("\n"):
        name, colon, value = line.partition(": ")
        if colon:
            try:
                fields[name.strip()] = json.loads(value)
            except ValueError:
                fields[name.strip()] = value.strip()
    return fields


def _time(found: Any) -> datetime | None:
    try:
        time = datetime.fromisoformat(str(found))
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _sources(found: Any) -> tuple[MemorySource, ...]:
    return tuple(
        MemorySource(str(each["archive"]), tuple(int(i) for i in _list(each.get("messages")) if isinstance(i, int)))
        for each in _list(found)
        if isinstance(each, dict) and "archive" in each
    )


def _list(found: Any) -> list[Any]:
    return found if isinstance(found, list) else []


def _first_words(content: str) -> str:
    return " ".join(content.lstrip("# \n").split()[:10])
