"""The store: the front door. Every method is a sentence about a room behind it."""

import io
import os
import uuid
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

from holdfast import history, opening, paths
from holdfast.backend import Backend
from holdfast.catalog.commits import Commit
from holdfast.clock import Clock, SystemClock
from holdfast.documents import Draft, body_of_file
from holdfast.errors import Conflict
from holdfast.history import Change
from holdfast.ingest.prepare import DocumentDeriver
from holdfast.reading import Info, Match
from holdfast.snapshot import At, EngineView, Snapshot, resolve
from holdfast.transaction import Terms, Transaction, immediately

if TYPE_CHECKING:
    from holdfast.config import Settings

T = TypeVar("T")

#: what `write` takes: bytes, text (stored as UTF-8), a file on disk, or an open binary file
Data = bytes | str | Path | io.BufferedIOBase


class Store:
    """A crash-safe context store. Get one with `holdfast.open`; share it between threads, not across a fork."""

    def __init__(self, parts: opening.Opened, *, read_only: bool) -> None:
        self._parts = parts
        self._backend: Backend = parts.backend
        self.read_only = read_only

    @property
    def folder(self) -> Path:
        """The store's folder."""
        return self._parts.folder

    @property
    def store_id(self) -> str:
        """The id the store was born with; a copy of the folder has the same."""
        return self._parts.store_id

    @cached_property
    def settings(self) -> "Settings":
        """What `holdfast.toml` and the environment say."""
        from holdfast.config import load

        return load(self.folder)

    def close(self) -> None:
        """Let go of the store's files. What was committed stays; a store may be closed twice."""
        self._parts.engine.close()

    def __enter__(self) -> "Store":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- reading, at the head

    def snapshot(self, at: At | None = None) -> Snapshot:
        """Return the store as it is now, or as it was at a commit: a number, `HEAD~2`, an ISO time or a datetime.

        Raises NotFound for a commit that is not there.
        """
        with self._backend.engine.read() as conn:
            return Snapshot(self._backend, resolve(conn, self._backend.branch, at))

    def exists(self, path: str) -> bool:
        """Return whether anything stands at `path`."""
        return self.snapshot().exists(path)

    def stat(self, path: str) -> Info:
        """Return what stands at `path`; raises NotFound."""
        return self.snapshot().stat(path)

    def ls(self, path: str = paths.ROOT) -> list[Info]:
        """Return what is directly in `path`, in order of name."""
        return self.snapshot().ls(path)

    def tree(self, path: str = paths.ROOT) -> list[Info]:
        """Return all that is below `path`, depth first, in order of name."""
        return self.snapshot().tree(path)

    def glob(self, pattern: str) -> list[str]:
        """Return the paths that match `pattern`, such as `/notes/**/*.md`."""
        return self.snapshot().glob(pattern)

    def grep(self, pattern: str, path: str = paths.ROOT, *, ignore_case: bool = False) -> Iterator[Match]:
        """Yield the lines that the regular expression `pattern` matches, in files at or below `path`."""
        return self.snapshot().grep(pattern, path, ignore_case=ignore_case)

    def read(self, path: str) -> bytes:
        """Return the bytes of the file `path`."""
        return self.snapshot().read(path)

    def read_text(self, path: str) -> str:
        """Return the file `path` as Markdown: what search and agents read."""
        return self.snapshot().read_text(path)

    def stream(self, path: str) -> Iterator[bytes]:
        """Yield the bytes of the file `path` in pieces of at most 1 MiB."""
        return self.snapshot().stream(path)

    # --- changing, one commit each

    def write(self, path: str, data: Data, *, message: str = "", actor: str | None = None) -> Commit:
        """Put `data` at `path`, over the file that stands there, searchable when this returns.

        Missing directories are made. A file of any size is streamed, not held in memory.
        """
        draft = self._draft(path, data)
        terms = self._terms(message or f"Write {path}", actor)
        return immediately(self._backend, lambda tx: tx.put(path, draft), [draft], terms)

    def mkdir(
        self, path: str, *, parents: bool = False, exist_ok: bool = False, message: str = "", actor: str | None = None
    ) -> Commit:
        """Make a directory."""
        terms = self._terms(message or f"Make {path}", actor)
        return immediately(self._backend, lambda tx: tx.mkdir(path, parents=parents, exist_ok=exist_ok), [], terms)

    def move(
        self, source: str, target: str, *, overwrite: bool = False, message: str = "", actor: str | None = None
    ) -> Commit:
        """Move a file or a directory to exactly `target`; one row is written, however large the directory."""
        terms = self._terms(message or f"Move {source} to {target}", actor)
        return immediately(self._backend, lambda tx: tx.move(source, target, overwrite=overwrite), [], terms)

    def copy(
        self, source: str, target: str, *, overwrite: bool = False, message: str = "", actor: str | None = None
    ) -> Commit:
        """Copy a file, or a directory with all it holds, to exactly `target`; contents are shared."""
        terms = self._terms(message or f"Copy {source} to {target}", actor)
        return immediately(self._backend, lambda tx: tx.copy(source, target, overwrite=overwrite), [], terms)

    def remove(self, path: str, *, recursive: bool = False, message: str = "", actor: str | None = None) -> Commit:
        """Remove a file or an empty directory, or with `recursive` all below too; history keeps it."""
        terms = self._terms(message or f"Remove {path}", actor)
        return immediately(self._backend, lambda tx: tx.remove(path, recursive=recursive), [], terms)

    def restore(self, path: str, *, at: At, message: str = "", actor: str | None = None) -> Commit:
        """Make `path` and all below it what it was at a commit, as a new commit."""
        seq = self.snapshot(at).commit
        terms = self._terms(message or f"Restore {path} from commit {seq}", actor)
        return immediately(self._backend, lambda tx: tx.restore(path, at=seq), [], terms)

    def transaction(
        self,
        *,
        message: str = "",
        actor: str | None = None,
        idempotency_key: str | None = None,
        retries: int = 0,
    ) -> "TransactionScope":
        """Begin several changes that become visible together.

        `with store.transaction() as tx:` commits at the end and drops everything on an exception.
        `store.transaction(retries=3)(fn)` calls `fn(tx)`, commits, and does both again after a Conflict.
        """
        return TransactionScope(self._backend, lambda: self._terms(message, actor, idempotency_key), retries)

    # --- history

    def log(self, path: str | None = None, *, limit: int | None = None, at: At | None = None) -> Iterator[Commit]:
        """Yield commits, newest first; with a path, those that changed it or anything below it, through its moves."""
        until = self.snapshot(at).commit
        return history.log(self._backend, until, None if path is None else paths.parse(path), limit)

    def commit(self, at: At | None = None) -> Commit:
        """Return one commit: its time, actor, message."""
        with self._backend.engine.read() as conn:
            return history.commit_at(conn, resolve(conn, self._backend.branch, at))

    def diff(self, old: At, new: At | None = None) -> list[Change]:
        """Return what changed from commit `old` to commit `new` (the head, unless told), in order of path."""
        with self._backend.engine.read() as conn:
            branch = self._backend.branch
            return history.diff(conn, branch, resolve(conn, branch, old), resolve(conn, branch, new))

    def show(self, at: At | None = None) -> tuple[Commit, list[Change]]:
        """Return one commit and what it changed."""
        commit = self.commit(at)
        with self._backend.engine.read() as conn:
            return commit, history.diff(conn, self._backend.branch, commit.seq - 1, commit.seq)

    # --- helpers

    def _terms(self, message: str, actor: str | None, idempotency_key: str | None = None) -> Terms:
        return Terms(message, actor or self._backend.actor, idempotency_key)

    def _draft(self, path: str, data: Data) -> Draft:
        if isinstance(data, io.BufferedIOBase):
            data = data.read()
        if isinstance(data, bytes | str):
            return self._backend.draft(path, data)
        deriver = self._backend.deriver
        with data.open("rb") as file:
            media_type = deriver.media_type(path, file.read(64 * 1024))
        return Draft(paths.split(path)[1], body_of_file(data, media_type), deriver)


class TransactionScope:
    """A transaction about to begin: a context manager for one try, a callable for several."""

    def __init__(self, backend: Backend, terms: Callable[[], Terms], retries: int) -> None:
        self._backend = backend
        self._terms = terms
        self._retries = retries
        self._open: Transaction | None = None

    def __enter__(self) -> Transaction:
        self._open = self._begin()
        return self._open

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._open is not None
        if error is None:
            self._open.commit()
        else:
            self._open.rollback()

    def __call__(self, action: Callable[[Transaction], T]) -> T:
        """Call `action` with a transaction and commit it; after a Conflict, again from a new snapshot."""
        for tries_left in range(self._retries, -1, -1):
            tx = self._begin()
            try:
                result = action(tx)
                tx.commit()
                return result
            except Conflict:
                if not tries_left:
                    raise
        raise AssertionError("the loop returns or raises")

    def _begin(self) -> Transaction:
        with self._backend.engine.read() as conn:
            base = resolve(conn, self._backend.branch, None)
        return Transaction(self._backend, EngineView(self._backend, base), base, self._terms())


def init(folder: str | os.PathLike[str] = ".", *, clock: Clock | None = None) -> Path:
    """Make a new store in `folder` and return its path; raises AlreadyExists when one is there."""
    path = Path(folder)
    opening.init(path, clock=clock or SystemClock(), store_id=uuid.uuid4().hex)
    return path


def open_store(
    folder: str | os.PathLike[str],
    *,
    read_only: bool = False,
    durability: str | None = None,
    actor: str = "user",
    clock: Clock | None = None,
) -> Store:
    """Open the store in `folder`.

    `durability="relaxed"` lets a power cut (not a crash of the process) take the last commits, for speed. `actor` is
    who commits are attributed to. Raises StoreNotFound, StoreTooNew, CorruptStore or ReadOnly.
    """
    parts = opening.open_parts(
        Path(folder),
        read_only=read_only,
        durability=durability,
        actor=actor,
        clock=clock or SystemClock(),
        deriver=DocumentDeriver,
    )
    return Store(parts, read_only=read_only)
