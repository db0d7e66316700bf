"""The half of `store.graph` that is about what rows rest on."""

from collections.abc import Callable
from itertools import islice
from typing import Any

from holdfast import paths
from holdfast.arguments import checks_arguments
from holdfast.backend import Backend
from holdfast.catalog import commits
from holdfast.catalog.branches import Branch
from holdfast.catalog.commits import Commit
from holdfast.catalog.engine import within
from holdfast.errors import NotFound
from holdfast.graph.provenance import Provenance, Provenances
from holdfast.publish.committing import CommitOptions
from holdfast.publish.graph_changes import complete
from holdfast.publish.scope import publish_retried
from holdfast.publish.transaction import Transaction
from holdfast.rows.committed import CommittedRows
from holdfast.rows.graph_rows import Codecs, RowModel, type_name
from holdfast.rows.reading import LIMIT, GraphReads, missing
from holdfast.rows.sources import CONTENT, SourceInput
from holdfast.rows.standing import codecs_at, rows_at
from holdfast.tree import walking
from holdfast.tree.committed import CommittedTree
from holdfast.tree.snapshot import At, place, resolve

#: makes what a commit carries, of its message and actor
Terms = Callable[[str, str | None], CommitOptions]


@checks_arguments
class GraphProvenance(GraphReads):
    """What rows rest on, as `store.graph` tells it."""

    def __init__(self, backend: Backend, branch: Branch, terms: Terms) -> None:
        self._backend = backend
        self._branch = branch
        self._terms = terms

    def why(self, type: type[RowModel] | str, key: Any, *, at: At | None = None) -> list[Provenance]:
        """Return what a row rests on, each source with what has become of it; raises NotFound.

        Its state is `current` while the file holds what it held, wherever it was moved to; `changed` or `gone` say that
        the row is to be looked at again. With `at`, as of that commit.
        """
        found = self._provenances(at)
        kind = found.codecs.schema.type_named(type_name(type))
        text = found.codecs.of(kind).key_of(key)
        row = found.rows.rows(kind.id, [text]).get(text)
        if row is None:
            raise missing(kind, text)
        return found.why(kind, row)

    def rests_on(self, source: str, *, limit: int | None = LIMIT, at: At | None = None) -> list[Provenance]:
        """Return what rests on a file, on those below a directory, or on a `content:` and its id, at most `limit`.

        Also when nothing stands at the path any more: then what rested on what stood there. Raises NotFound for a path
        at which nothing stands and on which nothing rests.
        """
        found = self._provenances(at)
        if source.startswith(CONTENT):
            return list(islice(found.rests_on_content(source.removeprefix(CONTENT)), limit))
        path = paths.parse(source)
        rows = list(islice(found.rests_on(path), limit))
        if not rows and limit != 0 and walking.standing(found.tree, path) is None:
            remedy = "`holdfast ls` lists what is there"
            raise NotFound(f"{path} is not there, and nothing rests on it", path=path, remedy=remedy)
        return rows

    def cite(
        self, type: type[RowModel] | str, key: Any, *sources: SourceInput, message: str = "", actor: str | None = None
    ) -> Commit:
        """Have a row rest on more sources than before; those that it has already change nothing. Raises NotFound."""
        said = message or f"Give sources of {type_name(type)}"
        return self._publish(said, actor, lambda tx: tx.graph.cite(type, key, *sources))

    def _publish(self, message: str, actor: str | None, action: Callable[[Transaction], None]) -> Commit:
        def changed(tx: Transaction) -> None:
            action(tx)
            # Here and not in its commit: what is wrong with the rows is no race, and not to be tried again.
            complete(tx.graph)

        return publish_retried(self._backend, changed, self._terms(message, actor))

    def _seen(self) -> tuple[CommittedRows, Codecs]:
        with self._backend.engine.read() as conn:
            head = commits.head(conn, self._branch)
            codecs = codecs_at(self._backend, self._branch, head, within(conn))
        return rows_at(self._backend, self._branch, head), codecs

    def _seen_at(self, commit: int) -> tuple[CommittedRows, Codecs]:
        with self._backend.engine.read() as conn:
            # An answer goes on at the commit that it began at, whatever was committed since.
            seq = resolve(conn, self._branch, commit)
            codecs = codecs_at(self._backend, self._branch, seq, within(conn))
        return rows_at(self._backend, self._branch, seq), codecs

    def _provenances(self, at: At | None) -> Provenances:
        with self._backend.engine.read() as conn:
            where = place(conn, self._branch, at)
        rows, codecs = rows_at(self._backend, *where), codecs_at(self._backend, *where)
        return Provenances(self._backend, rows, codecs, CommittedTree.lasting(self._backend.engine.read, *where))
