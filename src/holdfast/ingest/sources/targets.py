"""What found files will be called in the store: names made valid, each given once, in scan order."""

import hashlib
import unicodedata
from pathlib import Path

#: longest name of one path part, in bytes of UTF-8
NAME_BYTES = 255
#: what can be done about two sources of one add for the same path; to overwrite does not say with which
ONE_BY_ONE = "add them one by one, with different --to or --as"


class BadName(Exception):
    """A name that cannot stand in a store, with a code and a reason for the report."""

    def __init__(self, code: str, reason: str, *, between_sources: bool = False) -> None:
        super().__init__(reason)
        #: whether another source has the name
        self.between_sources = between_sources
        self.code = code
        self.reason = reason


def is_utf8(text: str) -> bool:
    """Return whether a name or path on disk is valid UTF-8."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def normalised(name: str) -> str:
    """Return `name` in Unicode NFC; raises BadName when it can never name anything in a store."""
    if not is_utf8(name):
        raise BadName("invalid_path", "its name is not valid UTF-8; rename it")
    composed = unicodedata.normalize("NFC", name)
    if len(composed.encode("utf-8")) > NAME_BYTES:
        raise BadName("invalid_path", f"its name takes more than {NAME_BYTES} bytes in Unicode NFC; shorten it")
    return composed


class Targets:
    """The target names given so far; the first to ask for a name gets it.

    A second file for the same name is refused, never renamed and never merged: what a store holds under a name must not
    depend on what else was in the batch. Flattening is the exception, as its names are made up anyway: later files of
    one name get a suffix made of their path, which is the same in every run.
    """

    def __init__(self, flatten: bool = False) -> None:
        self._flatten = flatten
        self._files: dict[str, Path] = {}
        self._folders: dict[str, Path] = {}

    def reserve(self, target: str, source: Path) -> str:
        """Return the name under which `source` goes into the store; raises BadName when it is taken."""
        if self._flatten:
            target = self._flattened(target, source)
        taken = self._files.get(target) or self._folders.get(target) or self._file_above(target)
        if taken == source:
            raise BadName("repeated", "it is named twice among the sources")
        if taken:
            raise BadName(
                "already_exists",
                f"{target} is already taken by {taken}; {ONE_BY_ONE}",
                between_sources=True,
            )
        self._files[target] = source
        for folder in _folders_of(target):
            self._folders.setdefault(folder, source)
        return target

    def _flattened(self, target: str, source: Path) -> str:
        name = target.rpartition("/")[2]
        if self._files.get(name, source) == source:
            return name
        digest = hashlib.sha256(target.encode()).hexdigest()[:8]
        stem, dot, extension = name.rpartition(".")
        return f"{stem}-{digest}.{extension}" if dot and stem else f"{name}-{digest}"

    def _file_above(self, target: str) -> Path | None:
        return next((self._files[folder] for folder in _folders_of(target) if folder in self._files), None)


def _folders_of(target: str) -> list[str]:
    parts = target.split("/")[:-1]
    return ["/".join(parts[: count + 1]) for count in range(len(parts))]
