"""The tags of a store: names for commits."""

from collections.abc import Sequence

from holdfast import paths
from holdfast.arguments import checks_arguments
from holdfast.backend import Backend
from holdfast.catalog.branches import Branch
from holdfast.catalog.engine import Connection
from holdfast.catalog.history import tags as rows
from holdfast.catalog.history.tags import TagInfo
from holdfast.errors import AlreadyExists, InvalidPath, NotFound
from holdfast.faults import point
from holdfast.front.history.names import MAX_NAME_CHARACTERS, is_name
from holdfast.tree.feed import is_cursor
from holdfast.tree.snapshot import At, meant, names_otherwise, place


@checks_arguments
class Tags:
    """The tags of a store, as `store.tags`: a name that stands wherever a commit is named, as in `at="v1"`.

    Names are of the whole store. A tag stays where it is, whatever is committed; on a branch that does not have its
    commit, it is refused as the commit's number is.
    """

    def __init__(self, backend: Backend, branch: Branch) -> None:
        self._backend = backend
        self._branch = branch

    def __repr__(self) -> str:
        return f"<Tags of {self._backend.address}>"

    def create(self, name: str, *, at: At | None = None, actor: str | None = None) -> TagInfo:
        """Give a commit of this branch a name: the head, unless told.

        Raises AlreadyExists, NotFound for a commit that is not in this branch's history, and InvalidPath for what is no
        name of a tag, or names a commit by itself as numbers, HEAD and times do.
        """
        name = _checked_name(name)
        with self._backend.engine.write() as conn:
            if rows.named(conn, name) is not None:
                raise AlreadyExists(f"There is a tag {name} already", path=name, remedy="Delete it, or choose another")
            seq = place(conn, self._branch, meant(self._backend, at)).seq
            made = rows.create(conn, name, seq, actor or self._backend.actor, self._backend.clock.now())
            point("tag.before_commit")
        point("tag.after_commit")
        return made

    def list(self) -> Sequence[TagInfo]:
        """Return all tags, in order of name."""
        with self._backend.engine.read() as conn:
            return rows.listed(conn)

    def get(self, name: str) -> TagInfo:
        """Return one tag; raises NotFound."""
        with self._backend.engine.read() as conn:
            return _found(conn, name)

    def delete(self, name: str) -> None:
        """Delete a tag; its commit stays. Raises NotFound."""
        with self._backend.engine.write() as conn:
            rows.delete(conn, _found(conn, name).name)
            point("tag.before_commit")
        point("tag.after_commit")


def _found(conn: Connection, name: str) -> TagInfo:
    tag = rows.named(conn, paths.one_spelling(name))
    if tag is None:
        remedy = "See `holdfast tag list`, or make it with `holdfast tag create`"
        raise NotFound(f"There is no tag {name}", path=name, remedy=remedy)
    return tag


def _checked_name(name: str) -> str:
    name = paths.one_spelling(name)
    if not is_name(name):
        raise InvalidPath(
            f"{name!r} is no name of a tag",
            path=name,
            remedy=f"Choose letters, digits and . _ - / between them, up to {MAX_NAME_CHARACTERS}",
        )
    if names_otherwise(name) or is_cursor(name):
        raise InvalidPath(
            f"{name!r} cannot be a tag: it would be read as a number, HEAD, a time or a cursor",
            path=name,
            remedy=f"Choose another name, such as v-{name}",
        )
    return name
