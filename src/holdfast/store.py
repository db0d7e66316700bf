"""The store: the front door. Every method is a sentence about a room behind it."""

import functools
import os
import uuid
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, TypeVar

from holdfast import history, opening, paths
from holdfast.backend import Backend
from holdfast.catalog.commits import Commit
from holdfast.clock import Clock, SystemClock
from holdfast.documents import HEAD_BYTES, Draft, body_of_file, body_of_stream, reading_source
from holdfast.errors import Conflict
from holdfast.history import Change
from holdfast.ingest.prepare import DocumentDeriver
from holdfast.reading import Info, Match
from holdfast.search.hits import Explanation, Hit
from holdfast.snapshot import At, EngineView, Snapshot, resolve
from holdfast.transaction import Terms, Transaction, immediately
from holdfast.upkeep.upkeep import OptimizeReport, Upkeep, optimize

if TYPE_CHECKING:
    from holdfast.config import Settings
    from holdfast.search.reader import SearchReader

T = TypeVar("T")

#: what `write` takes: bytes, text (stored as UTF-8), a file on disk, or an open binary file
Data = bytes | str | Path | BinaryIO


class Store:
    """A crash-safe context store. Get one with `holdfast.open`; share it between threads, not across a fork."""

    def __init__(self, parts: opening.Opened, *, read_only: bool) -> None:
        self._parts = parts
        self._backend: Backend = parts.backend
        self.read_only = read_only
        self._upkeep: Upkeep | None = None
        if not read_only:
            self._upkeep = Upkeep(self._backend, lambda: self.settings.search.fold_rows, self._sweep)
            self._backend.published.append(self._upkeep.notice)

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
        if self._upkeep is not None:
            self._upkeep.close()
            self._upkeep = None
        if "_reader" in self.__dict__:
            self._reader.close()
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

    # --- searching

    def search(
        self,
        query: str,
        *,
        under: str = paths.ROOT,
        limit: int = 10,
        mode: str = "hybrid",
        at: At | None = None,
    ) -> list[Hit]:
        """Return the passages that answer `query` best, best first: from the store as it is now, or as it was `at`.

        `mode` is `hybrid`, `text` (full text: words, identifiers, any language) or `vector` (meaning). At most `limit`
        hits; fewer only when there are no more. Raises NotFound when `under` is not there.
        """
        return self.explain(query, under=under, limit=limit, mode=mode, at=at).hits

    def explain(
        self,
        query: str,
        *,
        under: str = paths.ROOT,
        limit: int = 10,
        mode: str = "hybrid",
        at: At | None = None,
    ) -> Explanation:
        """Search, and tell how the hits were found: candidates, what was hidden and why, milliseconds by stage."""
        from holdfast.search.search import Request, search

        with self._backend.engine.read() as conn:
            head = resolve(conn, self._backend.branch, None)
            seq = resolve(conn, self._backend.branch, at)
        request = Request(query, paths.parse(under), limit, mode, seq, is_past=seq != head)
        return search(self._backend, self._reader, request)

    @cached_property
    def _reader(self) -> "SearchReader":
        from holdfast.search.reader import SearchReader

        return SearchReader(self._backend)

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

    # --- upkeep

    def optimize(self) -> OptimizeReport:
        """Fold the tail, put away rows that nobody sees, index and compact, now; a store does so by itself in time.

        What a search finds is the same before and after.
        """
        return optimize(self._backend)

    # --- helpers

    def _sweep(self) -> None:
        from holdfast.recovery.sweep import sweep

        sweep(self._backend)

    def _terms(self, message: str, actor: str | None, idempotency_key: str | None = None) -> Terms:
        return Terms(message, actor or self._backend.actor, idempotency_key)

    def _draft(self, path: str, data: Data) -> Draft:
        if isinstance(data, bytes | str):
            return self._backend.draft(path, data)
        name, deriver = paths.split(path)[1], self._backend.deriver
        if not isinstance(data, Path):
            return Draft(name, body_of_stream(data, functools.partial(deriver.media_type, name)), deriver)
        with reading_source(data):
            with data.open("rb") as file:
                media_type = deriver.media_type(name, file.read(HEAD_BYTES))
            return Draft(name, body_of_file(data, media_type), deriver)


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
        # Whoever ended it inside the block has said what is to become of it.
        if self._open.ended:
            return
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
