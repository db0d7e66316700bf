"""The half of `store.graph` that is about what rows rest on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from holdfast import paths
from holdfast.arguments import checks_arguments
from holdfast.backend import Backend
from holdfast.catalog import commits, settings
from holdfast.catalog.branches import Branch
from holdfast.catalog.commits import Commit
from holdfast.catalog.engine import within
from holdfast.errors import NotFound, Unsupported
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
from holdfast.tree.snapshot import At, meant, place, resolve

if TYPE_CHECKING:
    from holdfast.graph.searching.reader import RowReader
    from holdfast.models.port import Model

#: makes what a commit carries, of its message and actor
Terms = Callable[[str, str | None], CommitOptions]


@dataclass(frozen=True)
class GraphParts:
    """What a graph makes use of that is opened when it is first needed."""

    #: reads what searches look at
    reader: "Callable[[], RowReader]"
    #: returns the configured model, or None
    model: "Callable[[], Model | None]"


@checks_arguments
class GraphProvenance(GraphReads):
    """What rows rest on, as `store.graph` tells it."""

    def __init__(self, backend: Backend, branch: Branch, terms: Terms, parts: GraphParts) -> None:
        self._backend = backend
        self._branch = branch
        self._terms = terms
        self._parts = parts

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

    def look_again(self, kind: str | None) -> None:
        """Have commits that change or remove a file which rows rest on enqueue a job of a kind, for each such file.

        In the same commit, by whatever process, on any branch. The payload has the `path` that it had, its `node`, the
        `state` (`changed` or `gone`) and the `commit`; of a directory with more than 1,000 files that is removed there
        is one job. None ends it.
        """
        with self._backend.engine.write() as conn:
            settings.put(conn, settings.LOOK_AGAIN, kind or "")

    def extract(
        self, *, types: Sequence[type[RowModel] | str] | None = None, under: str = "/resources", again: bool = False
    ) -> list[int]:
        """Enqueue a job for each document at or below a path that has the model report rows of some types, or of all.

        Returns the ids of the jobs; a worker runs them (`store.jobs.worker`). Each merges what is reported by key, with
        the document as a source, and has in its result what was not taken. A content is asked about once, wherever it
        stands, unless `again`. Raises Unsupported where no model is configured, and then enqueues nothing.
        """
        from holdfast.digest.extraction import asking, documents

        schema = self.schema()
        kinds = [schema.type_named(type_name(each)) for each in types] if types is not None else [*schema.live]
        if not kinds:
            raise Unsupported(
                "There are no types to extract rows of",
                path="types",
                remedy="Apply a schema that declares some",
            )
        if self._parts.model() is None:
            raise Unsupported(
                "No model is configured to extract rows with",
                path="llm.base_url",
                remedy="Name one in holdfast.toml: [llm] with base_url and model",
            )
        order = documents.ExtractionOrder(
            under=paths.parse(under),
            types=tuple(kind.name for kind in kinds),
            asked=asking.fingerprint(schema, kinds),
            again=again,
        )
        return documents.enqueue(self._backend, self._branch, order)

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
            where = place(conn, self._branch, meant(self._backend, at))
        rows, codecs = rows_at(self._backend, *where), codecs_at(self._backend, *where)
        return Provenances(self._backend, rows, codecs, CommittedTree.lasting(self._backend.engine.read, *where))
