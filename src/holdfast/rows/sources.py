"""Sources: what a row rests on, kept with it, so that history, branches, loads and folds carry them as its values.

A row has them in its data under a name that no property has. What they name is noted beside the values that rows are
looked up by, under the number of the type below zero.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from holdfast import paths
from holdfast.arguments import checks_arguments
from holdfast.errors import HoldfastError
from holdfast.rows.schema import values
from holdfast.rows.schema.types import PropertyType
from holdfast.rows.schema.values import Refused

#: the sources among the data of a row, and in a row that is given; the name of no property
SOURCES = "sources"
#: what a content is named by, before its id
CONTENT = "content:"
#: what rows are found by that rest on a file, before the number of its node
NODE = "node:"
#: sources of one row
MAX_SOURCES = 1000
#: characters of a quote
MAX_QUOTE = 2000
#: lines and characters are numbers below this
_MAX_PLACE = 2**53
_TEXT = PropertyType(kind="text")
_CONTENT_ID = re.compile(r"[0-9a-z]{1,128}")


@checks_arguments
@dataclass(frozen=True, slots=True)
class Source:
    """What a row rests on: a file as it was at a commit, or a part of it.

    As given, a path alone means the file that stands there now, and a content alone those bytes wherever they stand.
    """

    #: where the file stood at the commit; None of a content that was named by its id
    path: str | None = None
    #: the id of the bytes it held
    content: str | None = None
    #: the first and the last line that count, from 1 on
    lines: tuple[int, int] | None = None
    #: where the part begins, in characters from 0 on, and where it has ended
    characters: tuple[int, int] | None = None
    #: what it says there
    quote: str | None = None
    #: the id that the file keeps when it is moved; None where none is known
    node: int | None = None
    #: the commit at which it was so; None where none is known, 0 of what is not committed yet
    commit: int | None = None

    @property
    def identity(self) -> tuple[object, ...]:
        """What two sources have in common that are the same one."""
        place = self.path if self.node is None else self.node
        return self.content, place, self.lines, self.characters, self.quote

    def __str__(self) -> str:
        said = self.path if self.path is not None else f"{CONTENT}{self.content}"
        if self.lines is not None:
            said += f", line{'s' * (self.lines[0] != self.lines[1])} {'-'.join(map(str, dict.fromkeys(self.lines)))}"
        if self.characters is not None:
            said += f", characters {self.characters[0]}-{self.characters[1]}"
        return said


#: a source as it is given: a path or `content:` and an id, one with lines, a mapping, or a `Source`
SourceInput = Source | str | tuple[Any, ...] | Mapping[str, Any]

_FIELDS = ("path", "content", "lines", "characters", "quote", "node", "commit")


def parsed(given: object) -> Source:
    """Return a source as it is given; raises Refused for what is none."""
    if isinstance(given, str):
        is_content = given.startswith(CONTENT)
        return _checked(Source(content=given.removeprefix(CONTENT)) if is_content else Source(path=given))
    if isinstance(given, Source):
        return _checked(given)
    if isinstance(given, list | tuple) and len(given) == 2 and isinstance(given[0], str):
        return _checked(replace(parsed(given[0]), lines=_pair("lines", given[1])))
    if not isinstance(given, Mapping):
        raise Refused("a source is a path, content: and an id, one of these with lines, or a mapping")
    for name in given:
        if name not in _FIELDS:
            raise Refused(f"a source has no {values.shown(name)}; it has {', '.join(_FIELDS)}")
    said = dict(given)
    for name in ("lines", "characters"):
        said[name] = None if said.get(name) is None else _pair(name, said[name])
    return _checked(Source(**_of_types(said)))


def all_parsed(given: object) -> list[Source]:
    """Return the sources of one row as they are given, each once; raises Refused."""
    if isinstance(given, str | Mapping | Source) or not isinstance(given, Iterable):
        raise Refused("sources are a list")
    found = list({each.identity: each for each in map(parsed, given)}.values())
    if len(found) > MAX_SOURCES:
        raise Refused(f"it has {len(found)} sources; {MAX_SOURCES} are allowed")
    return found


def _of_types(said: Mapping[str, Any]) -> dict[str, Any]:
    for name, wanted in (("path", str), ("content", str), ("quote", str), ("node", int), ("commit", int)):
        value = said.get(name)
        if value is not None and (not isinstance(value, wanted) or isinstance(value, bool)):
            raise Refused(f"{name} of a source cannot be {values.shown(value)}")
    return dict(said)


def _checked(source: Source) -> Source:
    path, content = source.path, source.content
    if path is None and content is None:
        raise Refused("a source names a path or a content")
    if content is not None and not _CONTENT_ID.fullmatch(content):
        raise Refused(f"{values.shown(content)} is no id of a content")
    for name, pair, least in (("lines", source.lines, 1), ("characters", source.characters, 0)):
        if pair is not None and not least <= pair[0] <= pair[1] < _MAX_PLACE:
            raise Refused(f"{name} of a source cannot be {pair[0]} to {pair[1]}")
    if source.quote is not None:
        values.encoded(_TEXT, source.quote)
        if len(source.quote) > MAX_QUOTE:
            raise Refused(f"the quote has {len(source.quote)} characters; {MAX_QUOTE} are allowed")
    return source if path is None else replace(source, path=_parsed_path(path))


def _parsed_path(path: str) -> str:
    try:
        return paths.parse(path)
    except HoldfastError as error:
        raise Refused(error.message) from error


def _pair(name: str, given: object) -> tuple[int, int]:
    if isinstance(given, list | tuple) and len(given) == 2 and all(type(each) is int for each in given):
        return given[0], given[1]
    raise Refused(f"{name} of a source are two whole numbers, not {values.shown(given)}")


# --- as they are stored


def held(data: Mapping[str, Any]) -> tuple[Source, ...]:
    """Return the sources among the data of a row."""
    return tuple(_held(each) for each in data.get(SOURCES, ()))


def with_sources(data: Mapping[str, Any], sources: Iterable[Source]) -> dict[str, Any]:
    """Return the data of a row with these sources in place of what it had, in an order of their own."""
    rest = {name: value for name, value in data.items() if name != SOURCES}
    # The first of two that are the same: it says since when.
    found = {each.identity: each for each in reversed(list(sources))}
    ordered = sorted(found.values(), key=lambda each: repr(each.identity))
    return {**rest, SOURCES: [_stored(each) for each in ordered]} if ordered else rest


def numbered(data: dict[str, Any], commit: int, nodes: Mapping[int, int]) -> dict[str, Any]:
    """Return the data of a row as a commit writes it, told which numbers the nodes that it makes have."""
    found = held(data)
    if all(each.commit != 0 and (each.node or 0) >= 0 for each in found):
        return data
    return with_sources(data, (_numbered(each, commit, nodes) for each in found))


def merged(base: Mapping[str, Any], ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[Source]:
    """Return the sources of a row that two sides changed: what either added, without what either took away."""
    before, one, other = (held(data) for data in (base, ours, theirs))
    known = {each.identity for each in before}
    kept = {each.identity for each in one} & {each.identity for each in other}
    return [each for each in (*one, *other) if each.identity in kept or each.identity not in known]


def index_values(type_id: int, key: str, data: Mapping[str, Any]) -> Iterator[tuple[int, str, str]]:
    """Yield what a row is found by among those that rest on something: (below zero its type, what, its key)."""
    for source in held(data):
        for anchor in anchors(source):
            yield -type_id, anchor, key


def anchors(source: Source) -> list[str]:
    """Return what rows that have this source are found by: the node of the file and its path, or else the content."""
    found = [] if source.node is None else [node_anchor(source.node)]
    return [*found, path_anchor(source.path) if source.path is not None else content_anchor(source.content or "")]


def node_anchor(node: int) -> str:
    """Return what rows are found by that rest on a file."""
    return f"{NODE}{node}"


def path_anchor(path: str) -> str:
    """Return what rows are found by that rest on what stood at a path."""
    return f"path:{path}"


def content_anchor(content: str) -> str:
    """Return what rows are found by that rest on a content, wherever it stands."""
    return f"{CONTENT}{content}"


def shape(source: Source) -> dict[str, Any]:
    """Return a source as JSON that a row can be given again, in this store or another one: without its numbers."""
    return {name: value for name, value in _stored(source).items() if name not in ("node", "commit")}


def _stored(source: Source) -> dict[str, Any]:
    said = {name: getattr(source, name) for name in _FIELDS}
    return {
        name: list(value) if isinstance(value, tuple) else value for name, value in said.items() if value is not None
    }


def _held(said: Mapping[str, Any]) -> Source:
    pairs = {name: tuple(said[name]) for name in ("lines", "characters") if name in said}
    return Source(**{**said, **pairs})


def _numbered(source: Source, commit: int, nodes: Mapping[int, int]) -> Source:
    node = source.node
    if node is not None and node < 0:
        # None of a file that was written and taken away again in one transaction.
        node = nodes.get(node)
    return replace(source, node=node, commit=commit if source.commit == 0 else source.commit)


def joined(there: Sequence[Source], given: Iterable[Source]) -> list[Source]:
    """Return given sources, each as it is there already if it is."""
    known = {each.identity: each for each in there}
    return [known.get(each.identity, each) for each in given]
