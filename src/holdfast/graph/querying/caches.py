"""Caches that SQL and Cypher are answered from: files beside the tables of a store, which may go at any moment.

A process that asks holds a slot of its own for as long as it is open, so that no two write one file. What it finds in a
slot is brought to the commit that is asked about by what the log says, or made anew when that cannot be.
"""

import fcntl
import hashlib
import json
import shutil
import tempfile
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from holdfast.backend import Backend
from holdfast.errors import HoldfastError, StorageFailed, Unsupported
from holdfast.graph.querying.contents import ChangedRows, changed_between
from holdfast.graph.querying.limits import Statement
from holdfast.host.disk import LockedFile
from holdfast.rows.differences import GraphSide

if TYPE_CHECKING:
    import pyarrow as pa

#: of what a cache holds; another one is made anew
FORMAT = 1
#: processes that may each have a cache of one branch beside the store; others have theirs in a temporary folder
SLOTS = 4
_FOLDER, _LOCK = "cache", "lock"


class QueryCache(Protocol):
    """What an engine answers from, in a folder that it has for itself."""

    language: str

    def close(self) -> None:
        """Let go of the files."""
        ...

    def mark(self) -> str:
        """Return what the cache was marked with when it was last written."""
        ...

    def make(self, side: GraphSide, mark: str) -> None:
        """Fill an empty cache with a graph."""
        ...

    def refresh(self, side: GraphSide, changed: list[ChangedRows], mark: str) -> None:
        """Have the rows that changed be as they are now."""
        ...

    def ask(self, statement: Statement) -> "pa.Table":
        """Return the answer to a statement."""
        ...


@dataclass
class HeldSlot:
    """A folder that this process has for itself, with the cache in it; the lock goes with the process."""

    folder: Path
    cache: QueryCache
    lock: LockedFile | None
    #: what the cache holds; None when that is not known
    mark: "Mark | None" = None

    @property
    def is_there(self) -> bool:
        """Whether nobody removed it."""
        return (self.folder / _LOCK).exists()


@dataclass(frozen=True, slots=True)
class Mark:
    """Of what a cache was made."""

    branch: int
    commit: int
    #: tells schemas apart
    schema: str
    engine: str

    def __str__(self) -> str:
        return json.dumps([FORMAT, self.branch, self.commit, self.schema, self.engine])

    @classmethod
    def read(cls, text: str) -> "Mark | None":
        """Return what a text says; None for another format."""
        form, *rest = json.loads(text)
        return cls(*rest) if form == FORMAT else None


@dataclass
class Caches:
    """The caches that one open store has, by engine and branch."""

    root: Path
    _held: dict[tuple[str, int], HeldSlot] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(
        self, make: Callable[[Path], QueryCache], version: str, side: GraphSide, statement: Statement
    ) -> "pa.Table":
        """Return the answer to a statement about a graph; one at a time in a process."""
        with self._lock:
            slot = self._slot(make, version, side.rows.branch.id)
            self._bring(slot, version, side)
            return slot.cache.ask(statement)

    def _slot(self, make: Callable[[Path], QueryCache], version: str, branch: int) -> HeldSlot:
        known = self._held.get((version, branch))
        if known is not None and known.is_there:
            return known
        if known is not None:
            _let_go(known)
        found = _taken(self.root / _FOLDER, f"{version}-{branch}", make)
        self._held[version, branch] = found
        return found

    def _bring(self, slot: HeldSlot, version: str, side: GraphSide) -> None:
        wanted = Mark(side.rows.branch.id, side.rows.seq, _digest(side), version)
        if slot.mark is None:
            slot.mark = _marked(slot)
        if slot.mark == wanted:
            return
        there, slot.mark = slot.mark, None
        changed = _changed(there, wanted, side)
        if changed is None or not _refreshed(slot, side, changed, wanted):
            _made(slot, side, wanted)
        slot.mark = wanted


def caches_of(backend: Backend) -> Caches:
    """Return the caches of an open store."""
    found = backend.derived.setdefault("graph caches", Caches(backend.tables.root.parent))
    assert isinstance(found, Caches)
    return found


def _taken(root: Path, name: str, make: Callable[[Path], QueryCache]) -> HeldSlot:
    for number in range(SLOTS):
        folder = root / f"{name}-{number}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / _LOCK).touch()
            lock = LockedFile(folder / _LOCK)
            assert lock.number is not None
            fcntl.flock(lock.number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            # Another process has it, or nothing can be written here.
            continue
        return HeldSlot(folder, make(folder), lock)
    folder = Path(tempfile.mkdtemp(prefix="holdfast-graph-"))
    (folder / _LOCK).touch()
    slot = HeldSlot(folder, make(folder), None)
    weakref.finalize(slot, shutil.rmtree, folder, ignore_errors=True)
    return slot


def _let_go(slot: HeldSlot) -> None:
    with suppress(Exception):
        slot.cache.close()
    slot.lock = None


def _marked(slot: HeldSlot) -> Mark | None:
    """Return what a cache holds; None for one that is empty, broken or of another version."""
    try:
        return Mark.read(slot.cache.mark())
    except Exception:  # noqa: BLE001 - whatever is the matter with it, it is made anew
        return None


def _changed(there: Mark | None, wanted: Mark, side: GraphSide) -> list[ChangedRows] | None:
    if there is None or (there.branch, there.schema, there.engine) != (wanted.branch, wanted.schema, wanted.engine):
        return None
    return changed_between(side, there.commit)


def _refreshed(slot: HeldSlot, side: GraphSide, changed: list[ChangedRows], wanted: Mark) -> bool:
    try:
        slot.cache.refresh(side, changed, str(wanted))
    except HoldfastError:
        raise
    except Exception:  # noqa: BLE001 - an engine has errors of its own, and what it left is thrown away
        return False
    return True


def _made(slot: HeldSlot, side: GraphSide, wanted: Mark) -> None:
    with suppress(Exception):
        slot.cache.close()
    try:
        _empty(slot.folder)
        slot.cache.make(side, str(wanted))
    except HoldfastError:
        raise
    except Exception as error:
        with suppress(Exception):
            slot.cache.close()
        raise StorageFailed(
            f"The cache for {slot.cache.language} cannot be made ({error})",
            path=str(slot.folder),
            remedy="Free some space, then ask again; store.graph.find and expand need no cache",
        ) from error


def _empty(folder: Path) -> None:
    for each in folder.iterdir():
        if each.name == _LOCK:
            continue
        if each.is_dir():
            shutil.rmtree(each)
        else:
            each.unlink()


def _digest(side: GraphSide) -> str:
    return hashlib.blake2b(side.schema.to_json().encode(), digest_size=8).hexdigest()


def missing_extra(package: str) -> HoldfastError:
    """Return the error that says what to install."""
    return Unsupported(
        f"This needs the package {package}, which is not installed",
        path=package,
        remedy="pip install 'holdfast[graph]'",
    )
