"""The graph of a store: typed rows beside the files, on the same branches, in the same commits."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holdfast.arguments import checks_arguments
from holdfast.catalog.branches import Branch
from holdfast.catalog.commits import Commit
from holdfast.documents import reading_source
from holdfast.errors import CommitTaken, Unsupported
from holdfast.front.graph.provenance import GraphParts, GraphProvenance, Terms
from holdfast.front.shared import SharedParts
from holdfast.graph.loading.report import FileFormat, LoadMode, LoadProgress, LoadReport
from holdfast.graph.querying.limits import MAX_ROWS, MAX_SECONDS, Statement, statement_of
from holdfast.host.importing import importing
from holdfast.publish.graph_changes import RowInput
from holdfast.rows.differences import RowDifference, RowVersion, differences, versions_of
from holdfast.rows.graph_rows import RowModel, type_name
from holdfast.rows.reading import missing
from holdfast.rows.schema.declared import DeclaredSchema
from holdfast.rows.schema.steps import SchemaPlan
from holdfast.rows.sources import SourceInput
from holdfast.rows.standing import side_at
from holdfast.search.hits import SearchMode
from holdfast.tree.snapshot import At, meant, place, resolve

if TYPE_CHECKING:
    from pyarrow import Table

    from holdfast.graph.exporting import ExportReport
    from holdfast.graph.importing import ImportReport
    from holdfast.graph.searching.hits import RowExplanation, RowHits

#: a schema as it is given: classes of its types, or the path of a YAML file
SchemaInput = Iterable[type[RowModel]] | str | os.PathLike[str]


@checks_arguments
class Graph(GraphProvenance):
    """Typed nodes and edges, as `store.graph`; what is asked is answered at the head.

    Each change is a commit of its own. `tx.graph` has the same changes for several together, and with files.
    """

    def plan(self, schema: SchemaInput, *, allow_data_loss: bool = False) -> SchemaPlan:
        """Return what would change if the graph had a schema: step by step, what could be lost, what is refused.

        A schema is given as the classes of its types, made of `holdfast.Node` and `holdfast.Edge`, or as the path of a
        YAML file. What is not in it is dropped: its values stay with the rows, and with `allow_data_loss` they do not.
        Raises Unsupported for a schema that contradicts itself.
        """
        from holdfast.graph import applying

        return applying.planned(self._backend, self._branch, declared(schema), erase=allow_data_loss)

    def apply(
        self, schema: SchemaInput, *, allow_data_loss: bool = False, message: str = "", actor: str | None = None
    ) -> Commit:
        """Have the graph have a schema, in one commit; one that changes nothing makes none. Given as to `plan`.

        Raises Unsupported for what cannot be done, and InvalidRow, naming the first ten, when rows break what it asks.
        """
        from holdfast.graph import applying

        terms = self._terms(message or "Apply a schema to the graph", actor)
        return applying.apply(self._backend, terms, declared(schema), erase=allow_data_loss)

    def insert(
        self,
        *rows: RowInput,
        type: str = "",
        sources: Iterable[SourceInput] | None = None,
        message: str = "",
        actor: str | None = None,
    ) -> Commit:
        """Add rows that are not there yet: instances of their classes, or dicts with the name of the type as `type`.

        With `type`, dicts hold values only. `sources` are what all of them rest on: paths, `content:` and an id, or
        `holdfast.Source`; a dict may have its own as `sources`. Raises Conflict when a row of the same key is there, or
        has the same value of a unique property, and InvalidRow; nothing is written then.
        """
        given = _kept(sources)
        return self._publish(
            message or "Insert rows", actor, lambda tx: tx.graph.insert(*rows, type=type, sources=given)
        )

    def upsert(
        self,
        *rows: RowInput,
        type: str = "",
        sources: Iterable[SourceInput] | None = None,
        message: str = "",
        actor: str | None = None,
    ) -> Commit:
        """Add rows, or put them in the place of those with their keys; rows that are so already change nothing.

        Where no sources are given, a row that is there keeps its own.
        """
        given = _kept(sources)
        return self._publish(message or "Put rows", actor, lambda tx: tx.graph.upsert(*rows, type=type, sources=given))

    def update(
        self,
        type: type[RowModel] | str,
        key: Any,
        changes: Mapping[str, Any],
        *,
        sources: Iterable[SourceInput] | None = None,
        message: str = "",
        actor: str | None = None,
    ) -> Commit:
        """Give some properties of a row other values; None takes a value away. Raises NotFound or InvalidRow.

        `sources` come in the place of those that it had.
        """
        said, given = message or f"Update {type_name(type)}", _kept(sources)
        return self._publish(said, actor, lambda tx: tx.graph.update(type, key, changes, sources=given))

    def delete(self, type: type[RowModel] | str, *keys: Any, message: str = "", actor: str | None = None) -> Commit:
        """Remove rows by their keys. Raises NotFound.

        What becomes of the edges of a node is said by their type: they go with it, or it cannot be deleted.
        """
        said = message or f"Delete {type_name(type)}"
        return self._publish(said, actor, lambda tx: tx.graph.delete(type, *keys))

    def search(
        self,
        query: str,
        types: type[RowModel] | str | Sequence[type[RowModel] | str] | None = None,
        where: Mapping[str, Any] | None = None,
        *,
        limit: int = 10,
        mode: SearchMode = "hybrid",
        at: At | None = None,
    ) -> "RowHits":
        """Return the rows that answer `query` best, best first: as they are now, or as they were `at` a commit.

        Rows are found by the words of properties declared `FullText`, and by the meaning of those declared `Embed`: of
        `types`, or of all that have such. `where` leaves out rows with other values, as for `find`, and types without
        these properties. `mode` is `hybrid`, `text` or `vector`. What is returned can be gone on from:
        `search("...").expand("SupportedBy>")`.
        """
        return self.explain(query, types, where, limit=limit, mode=mode, at=at).hits

    def explain(
        self,
        query: str,
        types: type[RowModel] | str | Sequence[type[RowModel] | str] | None = None,
        where: Mapping[str, Any] | None = None,
        *,
        limit: int = 10,
        mode: SearchMode = "hybrid",
        at: At | None = None,
    ) -> "RowExplanation":
        """Search, and tell how the rows were found: candidates, what was overtaken, milliseconds by stage."""
        from holdfast.graph.searching.search import RowSearchRequest, search_rows

        asked = [types] if isinstance(types, str | type) else types
        named = None if asked is None else tuple(map(type_name, asked))
        while True:
            with self._backend.engine.read() as conn:
                where_at = place(conn, self._branch, meant(self._backend, at))
            request = RowSearchRequest(
                query=query,
                types=named,
                where=where or {},
                limit=limit,
                mode=mode,
                branch=where_at.branch,
                seq=where_at.seq,
            )
            try:
                return search_rows(self._backend, self._parts.reader(), request)
            except CommitTaken:
                # What was the head when the search began is long past.
                if at is not None:
                    raise

    def log(self, type: type[RowModel] | str, key: Any) -> list[RowVersion]:
        """Return what each commit made of a row, newest first; of one that was loaded, what was changed since.

        Raises NotFound when there never was such a row on this branch.
        """
        view, codecs = self._seen()
        kind = codecs.schema.type_named(type_name(type))
        text = codecs.of(kind).key_of(key)
        found = versions_of(view, codecs, kind, text)
        if not found:
            raise missing(kind, text)
        return found

    def diff(self, old: At, new: At | None = None, *, limit: int | None = None) -> list[RowDifference]:
        """Return the rows that are different between two commits, in order of type and key: by default, from now."""
        with self._backend.engine.read() as conn:
            moments = [resolve(conn, self._branch, meant(self._backend, at)) for at in (old, new)]
            sides = [side_at(self._backend, self._branch, seq) for seq in moments]
        return list(islice(differences(*sides), limit))

    def sql(
        self,
        statement: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        at: At | None = None,
        limit: int = MAX_ROWS,
        seconds: float = MAX_SECONDS,
    ) -> "Table":
        """Return the answer of DuckDB to a SELECT, as a table of Arrow; needs the extra `holdfast[graph]`.

        Each type is a table by its name, edges with columns `from` and `to`; `$name` in the statement is a parameter.
        Raises Unsupported for what is no SQL, with the place, and for what does more than ask the graph; TooLarge for
        an answer of more than `limit` rows, and for one that takes more than `seconds` or 512 MiB of memory.
        """
        return self._answer("duckdb", statement_of(statement, parameters, limit, seconds), at)

    def cypher(
        self,
        statement: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        at: At | None = None,
        limit: int = MAX_ROWS,
        seconds: float = MAX_SECONDS,
    ) -> "Table":
        """Return the answer of Ladybug to a MATCH, as a table of Arrow; needs the extra `holdfast[graph]`.

        Types of nodes are labels, those of edges types of relationships. Limits and errors are those of `sql`.
        """
        return self._answer("ladybug", statement_of(statement, parameters, limit, seconds), at)

    def _answer(self, engine: str, statement: Statement, at: At | None) -> "Table":
        from holdfast.graph.querying.asking import answer

        with self._backend.engine.read() as conn:
            where = place(conn, self._branch, at)
        return answer(self._backend, engine, side_at(self._backend, *where), statement)

    def load(
        self,
        source: Any,
        *,
        type: type[RowModel] | str | None = None,
        mode: LoadMode = "append",
        format: FileFormat | None = None,
        dry_run: bool = False,
        progress: Callable[[LoadProgress], None] | None = None,
        message: str = "",
        actor: str | None = None,
    ) -> LoadReport:
        """Load rows in one commit, however many: from a file by its path, or a table of Arrow, pandas or polars.

        Files are JSON Lines, CSV, Parquet or Arrow. Rows say their type as `type`, or all have the one that is given,
        or that the file is named after. A list has several sources, a dict has them by the names of their types.

        `append` adds rows, and raises Conflict for a key that is there; `merge` puts them in the place of those with
        their keys; `overwrite` replaces all rows of the types that it loads. One bad row, and nothing is written:
        InvalidRow names the first, and the report of a `dry_run` the first 100.
        """
        from holdfast.graph.loading.loading import Load

        with importing():
            from holdfast.graph.sources.several import is_read_once, read_all

        named = None if type is None else type_name(type)
        load = Load(
            backend=self._backend,
            terms=self._terms(message or "Load rows", actor),
            read=lambda schema: read_all(source, schema, type=named, format=format),
            is_read_once=is_read_once(source),
            mode=mode,
            dry_run=dry_run,
            tell=progress,
        )
        return load.run()

    def export_to(self, path: str | os.PathLike[str], *, at: At | None = None) -> "ExportReport":
        """Write all types and rows into a file, which `import_from` takes; of the same graph always the same bytes.

        It is JSON Lines: the types in the first line, then the rows by type and key, with what they rest on.
        """
        from holdfast.graph import exporting

        with self._backend.engine.read() as conn:
            where = place(conn, self._branch, meant(self._backend, at))
        return exporting.export(side_at(self._backend, *where), Path(path))

    def import_from(
        self,
        path: str | os.PathLike[str],
        *,
        dry_run: bool = False,
        progress: Callable[[LoadProgress], None] | None = None,
        message: str = "",
        actor: str | None = None,
    ) -> "ImportReport":
        """Take the types and rows of a file that `export_to` wrote: types in a commit where there are none, then rows.

        Raises Unsupported, with the plan, where there are other types, and for a file that is cut off; Conflict for a
        row that is there. All rows come in one commit, or none; repeated after a crash, it goes on from the types.
        """
        from holdfast.graph.importing import Import

        return Import(
            backend=self._backend,
            terms=lambda said: self._terms(message or said, actor),
            path=Path(path),
            dry_run=dry_run,
            tell=progress,
        ).run()


def graph_of(shared: SharedParts, branch: Branch, terms: Terms) -> Graph:
    """Return the graph of a branch of an opened store."""
    parts = GraphParts(lambda: shared.row_reader, lambda: shared.builtin(branch).model)
    return Graph(shared.backend, branch, terms, parts)


def declared(schema: SchemaInput) -> DeclaredSchema:
    """Return what a schema declares, however it is given; raises NotFound or Unsupported."""
    from holdfast.graph.models import nodes
    from holdfast.rows.schema import documents

    if isinstance(schema, str | os.PathLike):
        return documents.read_schema(_text_of(Path(schema)))
    return nodes.declared(schema)  # type: ignore[arg-type]


def _kept(given: Iterable[SourceInput] | None) -> tuple[SourceInput, ...] | None:
    """Return what is read once so that it can be read again, when a publish is tried once more."""
    return None if given is None else tuple(given)


def _text_of(path: Path) -> str:
    with reading_source(path):
        return _utf8(path.read_bytes(), path)


def _utf8(held: bytes, path: Path) -> str:
    try:
        return held.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unsupported(
            f"{path} is no schema: it is not valid UTF-8", path=str(path), remedy="Name a YAML or JSON file, in UTF-8"
        ) from error
