"""Walking the sources of an add in a stable order, naming what is found.

Where things go, relative to the `--to` folder (`DEFAULT_TO` when none is given):

    add papers/        papers/x/y.md becomes papers/x/y.md: a folder keeps its name
    add papers/.       papers/x/y.md becomes x/y.md: its contents only; so does `add .`
    add papers/a.md    a.md

In a folder the files come first and then the sub-folders, each sorted by the bytes of their names. Hidden files and
what `.gitignore` and `.holdfastignore` name are left out silently, unless they are themselves a source. All else that
is not taken is reported: symbolic links that leave the source, links to folders (a folder inside the source is walked
under its own name), folders met twice (bind mounts), special files, other Holdfast stores, unreadable folders, names
that cannot stand in a store, and names that are already taken.
"""

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from holdfast.ingest.sources.ignore import Rules
from holdfast.ingest.sources.targets import BadName, Targets, is_utf8, normalised

#: where documents go when the user names no folder
DEFAULT_TO = "/resources"

#: beside its settings file, one of these makes a folder a store
_STORE_PARTS = ("catalog.db", "tables")

_SPECIAL = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


@dataclass(frozen=True)
class SourceFile:
    """A file to add."""

    source: Path
    #: where it goes, relative to the `--to` folder: /-separated, Unicode NFC
    target: str
    #: bytes, when it was scanned
    size: int
    #: last change in nanoseconds since the epoch, when it was scanned
    mtime_ns: int
    #: where it is, without any link on the way
    at: Path
    #: device and inode, when it was scanned
    identity: tuple[int, int]


@dataclass(frozen=True)
class RefusedFile:
    """Something that is not added, and why."""

    source: Path
    #: a sentence for people, without the name
    reason: str
    #: not_found, unreadable, invalid_path, already_exists, repeated, unsupported, outside, loop or store
    code: str
    #: whether it is because another source has its place
    between_sources: bool = False
    #: whether it is a source itself, and not something found in one
    named: bool = False

    @property
    def failure(self) -> bool:
        """Whether a document may be missing from the store because of it (rather than rightly left out)."""
        wanted = self.named and self.code in ("unsupported", "store")
        return wanted or self.code in ("not_found", "unreadable", "invalid_path", "already_exists")


@dataclass(frozen=True)
class _Folder:
    path: Path
    #: relative to the source, in the names on disk: what ignore rules are asked about
    relative: str
    #: relative to the `--to` folder, in the names of the store
    target: str
    rules: Rules


def scan(
    sources: Iterable[str | os.PathLike[str]], *, flatten: bool = False, name: str = ""
) -> Iterator[SourceFile | RefusedFile]:
    """Yield what is found in `sources`, in the same order every time; never raises for what lies on disk.

    With `name`, a source is called so in the store, whatever it is called on disk.
    """
    targets = Targets(flatten)
    for source in sources:
        yield from _scan_source(os.fspath(source), targets, name)


def name_of(source: str | os.PathLike[str]) -> str:
    """Return what a source is called in the store: nothing when only its contents are added; raises BadName."""
    text = os.fspath(source)
    return "" if _contents_only(text) else normalised(_own_name(Path(text)))


def check_origin(source: str | os.PathLike[str]) -> None:
    """Raise BadName when the store cannot keep where a source lies."""
    if not is_utf8(str(Path(source).absolute())):
        raise BadName("invalid_path", "its path is not valid UTF-8; rename what makes it so")


def _scan_source(text: str, targets: Targets, name: str) -> Iterator[SourceFile | RefusedFile]:
    path = Path(text)
    try:
        status = path.stat()
        name = name or name_of(text)
        check_origin(text)
    except FileNotFoundError:
        yield RefusedFile(path, "there is nothing at this path", "not_found")
    except (OSError, ValueError) as error:
        yield _unreadable(path, error)
    except BadName as bad:
        yield RefusedFile(path, bad.reason, bad.code)
    else:
        if stat.S_ISDIR(status.st_mode):
            found = _Walk(path, targets).walk(name)
        else:
            found = iter((_file(path, name, status, targets, Path(os.path.realpath(path))),))
        for each in found:
            yield replace(each, named=True) if isinstance(each, RefusedFile) and each.source is path else each


def _contents_only(text: str) -> bool:
    return text == "." or text.endswith(("/.", "/./"))


def _own_name(path: Path) -> str:
    return path.resolve().name if path.name in ("", "..") else path.name


class _Walk:
    """One source folder on its way through."""

    def __init__(self, root: Path, targets: Targets) -> None:
        self._root = root
        self._real_root = os.path.realpath(root)
        self._targets = targets
        #: (device, inode) of every folder entered, so that a loop through a bind mount is cut
        self._entered: dict[tuple[int, int], Path] = {}

    def walk(self, name: str) -> Iterator[SourceFile | RefusedFile]:
        # A list and not recursion: a hostile tree may be deeper than Python's stack.
        waiting = [_Folder(self._root, "", name, Rules(""))]
        while waiting:
            found: list[_Folder] = []
            yield from self._enter(waiting.pop(), found)
            waiting.extend(reversed(found))

    def _enter(self, folder: _Folder, found: list[_Folder]) -> Iterator[SourceFile | RefusedFile]:
        refusal = self._refusal(folder.path)
        if refusal:
            yield refusal
            return
        try:
            rules = folder.rules.inside(folder.path, folder.relative)
            with os.scandir(folder.path) as listing:
                entries = sorted(listing, key=lambda entry: os.fsencode(entry.name))
        except OSError as error:
            yield _unreadable(folder.path, error)
            return
        seen: dict[str, str] = {}
        for entry in entries:
            yield from self._entry(entry, folder, rules, seen, found)

    def _refusal(self, path: Path) -> RefusedFile | None:
        try:
            status = path.stat()
            is_store = (path / "holdfast.toml").is_file() and any((path / part).exists() for part in _STORE_PARTS)
        except OSError as error:
            return _unreadable(path, error)
        first = self._entered.setdefault((status.st_dev, status.st_ino), path)
        if first is not path:
            return RefusedFile(path, f"it is the folder {first} again, through a mount", "loop")
        return RefusedFile(path, "it is a Holdfast store", "store") if is_store else None

    def _entry(
        self, entry: os.DirEntry[str], folder: _Folder, rules: Rules, seen: dict[str, str], found: list[_Folder]
    ) -> Iterator[SourceFile | RefusedFile]:
        path, relative = folder.path / entry.name, _joined(folder.relative, entry.name)
        try:
            is_folder = entry.is_dir(follow_symlinks=False)
            if entry.name.startswith(".") or rules.ignores(relative, is_folder):
                return
            target = _joined(folder.target, _once(entry.name, seen))
            if entry.is_symlink() and (refusal := self._link_refusal(path)):
                yield refusal
            elif is_folder:
                found.append(_Folder(path, relative, target, rules))
            else:
                at = Path(os.path.realpath(path)) if entry.is_symlink() else Path(self._real_root, relative)
                # What was a file when it was listed, and is a link now, is not followed.
                yield _file(path, target, at.lstat(), self._targets, at)
        except BadName as bad:
            yield RefusedFile(path, bad.reason, bad.code)
        except OSError as error:
            yield _unreadable(path, error)

    def _link_refusal(self, path: Path) -> RefusedFile | None:
        real = os.path.realpath(path)
        if not real.startswith(self._real_root.rstrip("/") + "/") and real != self._real_root:
            return RefusedFile(path, f"it is a symbolic link out of the source, to {real}", "outside")
        if not Path(real).exists():
            return RefusedFile(path, f"it is a symbolic link to {real}, where nothing is", "outside")
        if Path(real).is_dir():
            return RefusedFile(path, f"it is a symbolic link to the folder {real}, which is added itself", "loop")
        return None


def _file(path: Path, target: str, status: os.stat_result, targets: Targets, at: Path) -> SourceFile | RefusedFile:
    if not stat.S_ISREG(status.st_mode):
        kind = _SPECIAL.get(stat.S_IFMT(status.st_mode), "not a regular file")
        return RefusedFile(path, f"it is {kind}", "unsupported")
    try:
        identity = status.st_dev, status.st_ino
        return SourceFile(path, targets.reserve(target, path), status.st_size, status.st_mtime_ns, at, identity)
    except BadName as bad:
        return RefusedFile(path, bad.reason, bad.code, bad.between_sources)


def _once(name: str, seen: dict[str, str]) -> str:
    target = normalised(name)
    if target in seen:
        raise BadName("already_exists", f"its name differs from {seen[target]!r} only in Unicode normalisation")
    seen[target] = name
    return target


def _joined(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _unreadable(path: Path, error: OSError | ValueError) -> RefusedFile:
    reason = getattr(error, "strerror", None) or str(error)
    return RefusedFile(path, f"it cannot be read: {reason}", "unreadable")
