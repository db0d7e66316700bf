"""Making anew what filters find properties by, and look-ups rows of the graph in its log: both follow from these."""

from holdfast.backend import Backend
from holdfast.catalog import branches
from holdfast.catalog.branches import Branch
from holdfast.catalog.checking import graph_checks, property_checks
from holdfast.catalog.checking.graph_checks import LoggedRow
from holdfast.catalog.engine import Connection
from holdfast.catalog.graph import log, schemas
from holdfast.errors import CorruptStore
from holdfast.rows.lookups import looked_up
from holdfast.rows.schema.types import GraphSchema
from holdfast.rows.sources import index_values
from holdfast.rows.stored import lookup_text
from holdfast.tree.properties.checking import stored_set

#: properties, or rows of the log, that are looked at in one SQL transaction
PAGE = 500
#: properties of one kind that are mended in one run
MANY = 1_000_000


def rebuild_values(backend: Backend) -> int:
    """Make anew what was wrong; returns of how many properties, and rows of the log, it was."""
    return _properties(backend) + _log(backend)


def _properties(backend: Backend) -> int:
    with backend.engine.write() as conn:
        forgotten = property_checks.forget_of_no_properties(conn)
        passed_over = set(property_checks.passed_over(conn, MANY))
    found, last = forgotten, ""
    while True:
        with backend.engine.write() as conn:
            page = property_checks.page_after(conn, last, PAGE)
            for last, (text, values) in page.items():
                known = stored_set(text)
                # What is not what its name says is damaged itself.
                is_sound = known is not None and known.properties_id == last
                if known is not None and is_sound and (known.values != values or last in passed_over):
                    property_checks.write_values_anew(conn, known)
                    found += 1
        if not page:
            return found


def _log(backend: Backend) -> int:
    found, last = 0, 0
    while True:
        with backend.engine.write() as conn:
            page = graph_checks.log_after(conn, last, PAGE)
            known: dict[int, Branch | None] = {}
            for row in page:
                if row.branch_id not in known:
                    known[row.branch_id] = branches.get(conn, row.branch_id)
                branch = known[row.branch_id]
                found += branch is not None and _note(conn, branch, row)
                last = row.log_id
        if len(page) < PAGE:
            return found


def _note(conn: Connection, branch: Branch, row: LoggedRow) -> bool:
    """Have a row of the log be found by what it has; returns whether it was not."""
    data = graph_checks.said(row)
    if not data:
        return False
    applied = schemas.at(conn, branch, row.seq)
    kinds = _types(applied.document) if applied is not None else {}
    asked = [str(each) for each in kinds.get(row.type_id, ())]
    values = [(int(each), lookup_text(data[each]), row.key) for each in asked if data.get(each) is not None]
    missing = [each for each in values if not graph_checks.is_noted(conn, row.branch_id, row.seq, each)]
    # What a row rests on since before is noted where it began to.
    resting = index_values(row.type_id, row.key, data)
    missing += [each for each in resting if not graph_checks.is_noted_before(conn, branch, row.seq, each)]
    log.write_values(conn, branch, row.seq, missing)
    return bool(missing)


def _types(document: str) -> dict[int, list[int]]:
    """Return the properties that are looked up, by type; none of a schema that is damaged."""
    try:
        schema = GraphSchema.from_json(document)
    except CorruptStore:
        return {}
    return {kind.id: [each.id for each in looked_up(kind)] for kind in schema.live}
