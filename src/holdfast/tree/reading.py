"""Reading a tree: what a snapshot and a transaction under way have in common."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import chain, islice
from typing import Literal

from holdfast import paths
from holdfast.arguments import checks_arguments
from holdfast.backend import Backend
from holdfast.catalog import contents
from holdfast.catalog.entries import Entry
from holdfast.catalog.history import retention
from holdfast.catalog.properties.conditions import Condition
from holdfast.documents import Body
from holdfast.errors import CorruptStore, Unsupported
from holdfast.filters import Where
from holdfast.host.held import held
from holdfast.lines import lines_of
from holdfast.tree import walking
from holdfast.tree.committed import CommittedTree
from holdfast.tree.expressions import Expression
from holdfast.tree.paging import in_pages
from holdfast.tree.properties.filtering import chosen, kept
from holdfast.tree.properties.where import condition_of
from holdfast.tree.walking import TreeView


@dataclass(frozen=True, slots=True, kw_only=True)
class FileInfo:
    """What stands at a path."""

    path: str
    kind: Literal["file", "directory"]
    #: bytes; 0 for a directory
    size: int
    modified: datetime
    #: of its node, which survives moves and rewrites
    id: int
    #: BLAKE3 of the bytes in hex; None for a directory
    content_id: str | None
    #: the commit that last changed this entry
    commit: int
    #: where an `add` took it from; None when it was written
    source: str | None = None

    @property
    def name(self) -> str:
        return paths.split(self.path)[1]

    @property
    def is_dir(self) -> bool:
        return self.kind == "directory"


@dataclass(frozen=True, slots=True)
class GrepMatch:
    """A line that `grep` found."""

    path: str
    #: 1-based, in the Markdown rendition
    line: int
    text: str
    #: what of `text` matches, as slices of it
    marks: tuple[tuple[int, int], ...] = ()


@checks_arguments
class Reads(ABC):
    """The reading half of a `Snapshot` and of a `Transaction`. Paths are parsed here, at the door."""

    _backend: Backend

    @abstractmethod
    def _view(self) -> AbstractContextManager[TreeView]:
        """Return the tree, consistent for as long as the context lasts."""

    @abstractmethod
    def _standing(self) -> TreeView:
        """Return the tree as it is at this moment, which may be asked for as long as the caller likes."""

    def _pending_body(self, content_id: str) -> Body | None:
        """Return a body that is not stored yet."""
        return None

    def exists(self, path: str) -> bool:
        """Return whether anything stands at `path`."""
        with self._view() as view:
            return walking.standing(view, paths.parse(path)) is not None

    def stat(self, path: str) -> FileInfo:
        """Return what stands at `path`; raises NotFound or NotADirectory."""
        path = paths.parse(path)
        with self._view() as view:
            return info(path, walking.need(view, path))

    def ls(
        self,
        path: str = paths.ROOT,
        *,
        where: Where | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> Iterator[FileInfo]:
        """Yield what is directly in the directory `path`, in order of name; raises NotFound or NotADirectory.

        `where` keeps what has such properties: `{"tags": "diary", "rating": {"$gte": 3}}`. At most `limit` of them, and
        only those that come after the path `after`: where one left off. So it is for `tree`, `glob` and `grep`. All are
        of one commit, however long the iterator is kept.
        """
        condition = condition_of(where)
        path, view = paths.parse(path), self._standing()
        top, rest = walking.need_dir(view, path), walking.cursor(path, after)
        found = walking.go_on(walking.listing(view, top.node_id), rest)
        below = ((paths.join(path, entry.name), entry) for entry, _, given in found if not given)
        return islice((info(at, entry) for at, entry in kept(view, below, condition)), limit)

    def tree(
        self,
        path: str = paths.ROOT,
        *,
        where: Where | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> Iterator[FileInfo]:
        """Yield all that is below the directory `path`, depth first, in order of name."""
        path, view, condition = paths.parse(path), self._standing(), condition_of(where)
        top, rest = walking.need_dir(view, path), walking.cursor(path, after)
        found = chosen(view, condition, lambda at: at != path and paths.is_within(at, path), (path, rest))
        if found is None:
            found = in_pages(view, lambda view: walking.walk(view, top, path, rest), limit if where is None else None)
            found = kept(view, found, condition)
        return (info(at, entry) for at, entry in islice(found, limit))

    def glob(
        self, pattern: str, *, where: Where | None = None, limit: int | None = None, after: str | None = None
    ) -> Iterator[str]:
        """Yield the paths that match `pattern`: `*`, `?`, `[...]` within a name, `**` for any number of names."""
        wanted, rest, condition = walking.GlobPattern(pattern), walking.cursor(paths.ROOT, after), condition_of(where)
        view = self._standing()
        found = chosen(view, condition, wanted.matches, (paths.ROOT, rest))
        if found is None:
            found = in_pages(view, lambda view: walking.glob(view, wanted, rest), limit if where is None else None)
            found = kept(view, found, condition)
        return (at for at, _ in islice(found, limit))

    def read(self, path: str, *, range: tuple[int, int] | None = None) -> bytes:
        """Return the bytes of the file `path`, as they were written or added.

        With a `range`, those from its first number to before its second, counted from 0 as in a slice, as far as there
        are any; of a large file no others are read.
        """
        if range is None:
            return b"".join(self.stream(path))
        start, end = range
        if not 0 <= start <= end:
            raise Unsupported(f"A range of bytes cannot be ({start}, {end})", path=path, remedy="Give (0, 1000)")
        return self._body_at(path).between(start, end)

    def read_text(self, path: str, *, lines: tuple[int, int] | None = None) -> str:
        """Return the file `path` as Markdown: what search and agents read.

        With `lines`, the lines from its first number up to and with its second, counted from 1 as `grep` counts them,
        as far as there are any. Raises Unsupported for a file that has no text.
        """
        if lines is not None and not 1 <= lines[0] <= lines[1]:
            message = f"A range of lines cannot be ({lines[0]}, {lines[1]})"
            raise Unsupported(message, path=path, remedy="Count from 1, as in (1, 20)")
        path = paths.parse(path)
        with self._view() as view:
            entry = walking.need_file(view, path)
        with self._telling(view):
            text = self._text_of(entry)
        if text is None:
            raise Unsupported(f"{path} has no text", path=path, remedy="Read its bytes with read(), or `cat --raw`")
        if lines is None:
            return text
        return "".join(f"{line}\n" for line in lines_of(text)[lines[0] - 1 : lines[1]])

    def stream(self, path: str) -> Iterator[bytes]:
        """Yield the bytes of the file `path` in pieces of at most 1 MiB."""
        return self._body_at(path).pieces()

    def grep(
        self,
        pattern: str,
        path: str = paths.ROOT,
        *,
        ignore_case: bool = False,
        where: Where | None = None,
        limit: int | None = None,
        after: GrepMatch | None = None,
    ) -> Iterator[GrepMatch]:
        """Yield the lines that the expression `pattern` matches, in files at or below `path`, in the order of `tree`.

        At most `limit` of them, and only those that come after the match `after`: where one left off. Files without
        text are passed over. Raises InvalidPath for a pattern that is no regular expression, and TooLarge
        when looking for it takes about 10 seconds in one file, as it does for `(a|aa)+$`.
        """
        # Here and not in a generator: what is wrong is refused by the call, not by whoever looks at what it returned.
        expression, path = Expression(pattern, ignore_case=ignore_case), paths.parse(path)
        given = ("", 0) if after is None else (paths.parse(after.path), max(after.line, 0))
        files = self._files_from(path, given[0], condition_of(where))
        return islice(self._matches(expression, files, given), limit)

    def _matches(
        self, expression: Expression, files: Iterator[tuple[str, Entry]], given: tuple[str, int]
    ) -> Iterator[GrepMatch]:
        for at, entry in files:
            before = given[1] if given[0] == at else 0
            lines = lines_of(self._text_of(entry) or "")[before:]
            for number, marks in expression.matches(lines, at):
                yield GrepMatch(at, before + number, lines[number - 1], tuple(marks))

    def _files_from(self, path: str, first: str, condition: Condition | None) -> Iterator[tuple[str, Entry]]:
        """Return the files at or below `path` that meet a condition, from `first` on, or what comes after it."""
        view = self._standing()
        top = walking.need(view, path)
        if not top.is_dir:
            return kept(view, [(path, top)], condition)
        rest = walking.cursor(path, first or None)
        begun = walking.standing(view, first) if first else None
        found = chosen(view, condition, lambda at: paths.is_within(at, path), (path, rest))
        if found is None:
            found = kept(view, in_pages(view, lambda view: walking.walk(view, top, path, rest)), condition)
        given = kept(view, [(first, begun)], condition) if begun else iter(())
        return ((at, entry) for at, entry in chain(given, found) if not entry.is_dir)

    def _body_at(self, path: str) -> Body:
        path = paths.parse(path)
        with self._view() as view:
            entry = walking.need_file(view, path)
        with self._telling(view):
            body = self._body_of(entry)
        part = body.part and partial(self._pieces, view, body.part)
        return replace(body, pieces=partial(self._pieces, view, body.pieces), part=part)

    def _pieces(self, view: TreeView, pieces: Callable[..., Iterator[bytes]], *asked: int) -> Iterator[bytes]:
        with self._telling(view):
            yield from pieces(*asked)

    @held
    def _telling(self, view: TreeView) -> Iterator[None]:
        """Say of what is missing that gc took the commit of the view, if that is why."""
        try:
            yield
        except CorruptStore:
            self._check_kept(view)
            raise

    def _check_kept(self, view: TreeView) -> None:
        """Raise CommitTaken when gc has taken the commit of a view."""
        if isinstance(view, CommittedTree):
            with self._backend.engine.read() as conn:
                retention.check_line(conn, view.branch, view.seq)

    def _body_of(self, entry: Entry) -> Body:
        assert entry.content_id is not None
        pending = self._pending_body(entry.content_id)
        if pending is not None:
            return pending
        with self._backend.engine.read() as conn:
            return self._backend.stored_body(self._backend.content(conn, entry.content_id))

    def _text_of(self, entry: Entry) -> str | None:
        """Return the Markdown rendition of a file, or None when it has none."""
        assert entry.content_id is not None
        if self._pending_body(entry.content_id) is None:
            with self._backend.engine.read() as conn:
                found = contents.rendition(conn, entry.content_id)
                body = self._backend.stored_body(self._backend.content(conn, found.rendered_id)) if found else None
        else:
            body = self._pending_text(entry.content_id)
        return None if body is None else body.data().decode("utf-8", "replace")

    def _pending_text(self, content_id: str) -> Body | None:
        """Return the Markdown of a body that is not stored yet."""
        return None


def info(path: str, entry: Entry) -> FileInfo:
    """Return what users see of an entry that stands at `path`."""
    return FileInfo(
        path=path,
        kind="directory" if entry.is_dir else "file",
        size=entry.size,
        modified=datetime.fromtimestamp(entry.modified, UTC),
        id=entry.node_id,
        content_id=entry.content_id,
        commit=entry.from_seq,
        source=None if entry.source is None or entry.edited else entry.source,
    )
