"""Checks of the graph: that every base can be read and has its rows, and that the log says rows of known types."""

import json

from holdfast.catalog.checking import graph_checks
from holdfast.catalog.graph import bases
from holdfast.catalog.graph.bases import Base
from holdfast.errors import CorruptStore
from holdfast.publish.intention import keeping_versions
from holdfast.recovery.checks.inspection import RESTORE, Inspection
from holdfast.rows.schema.types import GraphSchema

#: rows of the log looked at in one SQL transaction
PAGE = 1000


def check_graph(inspection: Inspection) -> None:
    """Check the schemas and the log of the graph, and its bases; `deep` reads every row of theirs."""
    types = _known_types(inspection)
    _check_log(inspection, types)
    with keeping_versions(inspection.backend, "verify"):
        with inspection.backend.engine.read() as conn:
            there = bases.every(conn)
        for base in there:
            _check_base(inspection, base)
            if base.type_id not in types:
                inspection.problem("graph", f"A base of the graph is of the type {base.type_id}, unknown", RESTORE)
    inspection.checked["graph bases"] += len(there)


def _known_types(inspection: Inspection) -> set[int]:
    known: set[int] = set()
    with inspection.backend.engine.read() as conn:
        documents = graph_checks.schema_documents(conn)
    for seq, document in documents:
        try:
            known |= {each.id for each in GraphSchema.from_json(document).types}
        except CorruptStore as error:
            inspection.problem("graph", f"The schema of the graph of commit {seq} is damaged: {error.message}", RESTORE)
    return known


def _check_log(inspection: Inspection, types: set[int]) -> None:
    last = 0
    while True:
        with inspection.backend.engine.read() as conn:
            page = graph_checks.log_after(conn, last, PAGE)
        for row in page:
            named = f"the row {row.key} of the graph as commit {row.seq} says it"
            if row.type_id not in types:
                inspection.problem("graph", f"The type of {named} is unknown", RESTORE)
            if not _is_object(row.row):
                inspection.problem("graph", f"What is stored for {named} is damaged", RESTORE)
            last = row.log_id
        inspection.checked["graph log"] += len(page)
        if len(page) < PAGE:
            return


def _is_object(text: str | None) -> bool:
    try:
        return text is None or isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _check_base(inspection: Inspection, base: Base) -> None:
    named = f"The base of the graph in {base.table}, read from commit {base.seq} on,"
    try:
        table = inspection.backend.tables.graph(base.table).table
        found = table.count(base.version)
        _check_searched(inspection, base, named)
        if inspection.deep:
            found = sum(batch.num_rows for batch in table.open_cold(base.version).scanner().to_batches())
    except CorruptStore as error:
        inspection.problem("graph", f"{named} cannot be read: {error.message}", RESTORE)
    except (OSError, ValueError, RuntimeError) as error:
        inspection.problem("graph", f"{named} is damaged: {str(error)[:200]}", RESTORE)
    else:
        if found != base.rows:
            inspection.problem("graph", f"{named} has {found} rows and not {base.rows}", RESTORE)


def _check_searched(inspection: Inspection, base: Base, named: str) -> None:
    """Check that full text finds every row of a base whose rows are searched by their words."""
    from holdfast.index.lance.segments import unindexed_rows

    table = inspection.backend.tables.graph(base.table).table
    if not table.shape.text or not base.rows:
        return
    if missing := unindexed_rows(table, base.version, table.shape.text):
        inspection.problem("graph", f"{named} has {missing} rows that full text does not find", RESTORE)


def check_graph_indexes(inspection: Inspection) -> None:
    """Check that look-ups and searches can read the indexes of the newest base in each table of the graph."""
    from holdfast.index.lance.segments import read_indexes

    with keeping_versions(inspection.backend, "verify"):
        with inspection.backend.engine.read() as conn:
            newest = {base.table: base for base in bases.every(conn)}
        for base in newest.values():
            try:
                read_indexes(inspection.backend.tables.graph(base.table).table, base.version)
            except CorruptStore as error:
                inspection.problem("graph", error.message, RESTORE)
