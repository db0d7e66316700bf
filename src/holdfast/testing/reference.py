"""A store in a dictionary: the rules of the tree, written down as simply as they can be."""

from dataclasses import dataclass, field
from typing import Any

from holdfast import paths
from holdfast.errors import (
    AlreadyExists,
    Conflict,
    HoldfastError,
    InvalidPath,
    IsADirectory,
    NotADirectory,
    NotEmpty,
    NotFound,
)


@dataclass
class Reference:
    """What stands at every path: bytes of a file, None for a directory. Each operation returns why it is refused."""

    at: dict[str, bytes | None] = field(default_factory=dict)
    #: the properties of each path that has some
    properties: dict[str, dict[str, Any]] = field(default_factory=dict)

    def copied(self) -> "Reference":
        """Return an independent copy."""
        return Reference(dict(self.at), dict(self.properties))

    def give(self, path: str, properties: dict[str, Any]) -> type[HoldfastError] | None:
        """Let a path have these properties beside those that it has; None as a value takes one away."""
        refused = None if path == "/" else self.missing(path)
        if refused:
            return refused
        given = {**self.properties.get(path, {}), **properties}
        self._have(path, {key: value for key, value in given.items() if value is not None})
        return None

    def is_dir(self, path: str) -> bool:
        return path == "/" or (path in self.at and self.at[path] is None)

    def is_file(self, path: str) -> bool:
        return self.at.get(path) is not None

    def below(self, path: str) -> list[str]:
        """Return every path below a directory."""
        return [each for each in self.at if each != path and paths.is_within(each, path)]

    def write(self, path: str, data: bytes) -> type[HoldfastError] | None:
        above = self._ancestors(path)
        if any(self.is_file(each) for each in above):
            return NotADirectory
        if self.is_dir(path):
            return IsADirectory
        self.at.update(dict.fromkeys(above))
        self.at[path] = data
        return None

    def edit(self, path: str, old: str, new: str, every: bool) -> type[HoldfastError] | None:
        refused = self.missing(path)
        if refused or self.is_dir(path):
            return refused or IsADirectory
        text = (self.at[path] or b"").decode()
        if old not in text or (not every and text.find(old) != text.rfind(old)):
            return Conflict
        self.at[path] = text.replace(old, new).encode()
        return None

    def mkdir(self, path: str) -> type[HoldfastError] | None:
        refused = self._no_place(path)
        if refused or path in self.at:
            return refused or AlreadyExists
        self.at[path] = None
        return None

    def move(self, source: str, target: str, overwrite: bool) -> type[HoldfastError] | None:
        refused = self.missing(source)
        if refused or source == target:
            return refused
        refused = self._no_room(source, target, overwrite)
        if refused:
            return refused
        pairs = [(each, target + each.removeprefix(source)) for each in (source, *self.below(source))]
        moved = {to: self.at.pop(each) for each, to in pairs}
        given = {to: self.properties.pop(each, {}) for each, to in pairs}
        self.at.update(moved)
        for to, properties in given.items():
            self._have(to, properties)
        return None

    def copy(self, source: str, target: str, overwrite: bool) -> type[HoldfastError] | None:
        refused = self.missing(source) or self._no_room(source, target, overwrite)
        if refused:
            return refused
        for each in (source, *self.below(source)):
            to = target + each.removeprefix(source)
            self.at[to] = self.at[each]
            self._have(to, self.properties.get(each, {}))
        return None

    def remove(self, path: str, recursive: bool) -> type[HoldfastError] | None:
        refused = self.missing(path)
        if refused:
            return refused
        if self.below(path) and not recursive:
            return NotEmpty
        for each in (path, *self.below(path)):
            del self.at[each]
            self.properties.pop(each, None)
        return None

    def restore(self, path: str, then: "Reference") -> type[HoldfastError] | None:
        refused = then.missing(path)
        if refused:
            return refused
        if any(self.is_file(each) for each in self._ancestors(path)):
            return NotADirectory
        for each in (path, *self.below(path)):
            self.at.pop(each, None)
            self.properties.pop(each, None)
        self.at.update(dict.fromkeys(self._ancestors(path)))
        for each in (path, *then.below(path)):
            self.at[each] = then.at[each]
            self._have(each, then.properties.get(each, {}))
        return None

    def _have(self, path: str, properties: dict[str, Any]) -> None:
        if properties:
            self.properties[path] = properties
        else:
            self.properties.pop(path, None)

    def _ancestors(self, path: str) -> list[str]:
        """Return the directories that `path` needs, the root left out."""
        names = paths.names(path)[:-1]
        return ["/" + "/".join(names[:count]) for count in range(1, len(names) + 1)]

    def missing(self, path: str) -> type[HoldfastError] | None:
        if any(self.is_file(each) for each in self._ancestors(path)):
            return NotADirectory
        return None if path in self.at else NotFound

    def _no_place(self, path: str) -> type[HoldfastError] | None:
        for each in self._ancestors(path):
            if self.is_file(each):
                return NotADirectory
            if each not in self.at:
                return NotFound
        return None

    def _no_room(self, source: str, target: str, overwrite: bool) -> type[HoldfastError] | None:
        if paths.is_within(target, source):
            return InvalidPath
        refused = self._no_place(target)
        if refused or target not in self.at:
            return refused
        if self.is_dir(source) != self.is_dir(target):
            return IsADirectory if self.is_dir(target) else NotADirectory
        return None if overwrite and not self.below(target) else AlreadyExists
