"""Applying a schema to the graph: planned on the head, held against the rows there are, and published as one commit."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import count, islice

from holdfast.backend import Backend
from holdfast.catalog import commits
from holdfast.catalog.branches import Branch
from holdfast.catalog.commits import Commit
from holdfast.errors import InvalidRow, Unsupported
from holdfast.publish.committing import CommitOptions
from holdfast.publish.graph_changes import apply_schema
from holdfast.publish.scope import publish_retried
from holdfast.publish.transaction import Transaction
from holdfast.rows.committed import CommittedRows
from holdfast.rows.lookups import newly_looked_up
from holdfast.rows.publishing import NewSchema
from holdfast.rows.schema import cardinalities, planning, rules
from holdfast.rows.schema.declared import DeclaredSchema
from holdfast.rows.schema.steps import RowCheck, SchemaPlan, SchemaStep
from holdfast.rows.schema.types import GraphSchema, PropertySchema, TypeSchema
from holdfast.rows.standing import codecs_at, rows_at
from holdfast.rows.stored import StoredRow, lookup_text

#: types and properties that one commit may bring
IDS_PER_COMMIT = 4096
#: rows that break a constraint, as a message names them
MAX_NAMED = 10


def planned(backend: Backend, branch: Branch, declared: DeclaredSchema, *, erase: bool = False) -> SchemaPlan:
    """Return what would change on a branch as it is now; raises Unsupported for a schema that contradicts itself."""
    with backend.engine.read() as conn:
        head = commits.head(conn, branch)
    return planning.plan(codecs_at(backend, branch, head).schema, declared, erase=erase)


def apply(backend: Backend, terms: CommitOptions, declared: DeclaredSchema, *, erase: bool = False) -> Commit:
    """Publish a schema as one commit; when nothing changes, return the newest one.

    Raises Unsupported for what cannot be done, and InvalidRow when rows break what it asks.
    """

    def change(tx: Transaction) -> None:
        old = tx.graph.schema()
        plan = planning.plan(old, declared, erase=erase)
        if plan.refused:
            raise _refused(plan.refused)
        if plan.steps:
            rows = rows_at(backend, terms.branch, tx.base)
            for check in plan.checks:
                _check(rows, plan.schema, check)
            values = tuple(newly_looked_up(rows, old, plan.schema))
            apply_schema(tx.graph, NewSchema(lambda seq: _document(plan, seq), values), _looked_at(plan))

    return publish_retried(backend, change, terms)


def _document(plan: SchemaPlan, seq: int) -> str:
    numbers = count(seq * IDS_PER_COMMIT)
    return plan.result(lambda: next(numbers)).to_json()


def _looked_at(plan: SchemaPlan) -> set[int]:
    """Return the types whose rows were asked, and those that are looked up in another way from now on."""
    changed = {plan.schema.type_named(check.type) for check in plan.checks}
    ends = {end for each in changed for end in (each.source, each.target) if end is not None}
    altered = {step.type for step in plan.steps if step.property is not None}
    return {each.id for each in plan.schema.live if each in changed or each.id in ends or each.name in altered}


def _refused(steps: Iterable[SchemaStep]) -> Unsupported:
    said = [f"{each.said}: {each.refused}" for each in steps]
    return Unsupported("The schema cannot be applied: " + "; ".join(said[:MAX_NAMED]), path=next(iter(steps)).type)


# --- what is asked of the rows


def _check(rows: CommittedRows, schema: GraphSchema, check: RowCheck) -> None:
    kind = schema.type_named(check.type)
    asked = kind.property_named(check.property) if check.property else None
    broken = list(islice(_broken(rows, schema, kind, asked, check), MAX_NAMED + 1))
    if not broken:
        return
    more = ", and more" if len(broken) > MAX_NAMED else ""
    raise InvalidRow(
        f"Rows of {kind.name} break what the schema asks: {'; '.join(broken[:MAX_NAMED])}{more}",
        path=f"{kind.name}.{check.property}" if check.property else kind.name,
        remedy="Change these rows first, or ask for less",
        field=check.property or "",
        reason=check.kind,
    )


def _broken(
    rows: CommittedRows, schema: GraphSchema, kind: TypeSchema, asked: PropertySchema | None, check: RowCheck
) -> Iterator[str]:
    if check.kind == "cardinality":
        return _miscounted(rows, schema, kind)
    every = rows.every(kind.id)
    if check.kind == "no_rows":
        return (f"{row.key} is there" for row in every)
    assert asked is not None
    if check.kind == "unique":
        return _repeated(every, asked)
    return _unfit(every, asked)


def _unfit(rows: Iterable[StoredRow], asked: PropertySchema) -> Iterator[str]:
    for row in rows:
        if said := rules.refusal(asked, row.data.get(str(asked.id), asked.initial)):
            yield f"{row.key}: {said}"


def _repeated(rows: Iterable[StoredRow], asked: PropertySchema) -> Iterator[str]:
    had: dict[str, str] = {}
    for row in rows:
        value = row.data.get(str(asked.id))
        if value is not None and (first := had.setdefault(lookup_text(value), row.key)) != row.key:
            yield f"{row.key} has the same {asked.name} as {first}"


def _miscounted(rows: CommittedRows, schema: GraphSchema, edge: TypeSchema) -> Iterator[str]:
    edges = list(rows.every(edge.id))
    for limit in cardinalities.limits(schema, edge):
        number = Counter(row.end(limit.end) for row in edges)
        yield from (f"{limit.node.name} {key} has {n} edges" for key, n in number.items() if not limit.allows(n))
        for row in rows.every(limit.node.id) if limit.least else ():
            if row.key not in number:
                yield f"{limit.node.name} {row.key} has no edge"
