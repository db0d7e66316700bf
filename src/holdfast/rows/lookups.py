"""What is found by value: filled in for rows that were written before a property was looked up."""

from collections.abc import Iterator

from holdfast.catalog.graph import log
from holdfast.catalog.graph.log import LogSpan
from holdfast.rows.committed import CommittedRows
from holdfast.rows.schema.types import GraphSchema, PropertySchema, TypeSchema
from holdfast.rows.stored import lookup_text


def looked_up(kind: TypeSchema) -> list[PropertySchema]:
    """Return the properties of a type whose rows are found by value."""
    return [each for each in kind.live if each.unique or each.index]


def newly_looked_up(rows: CommittedRows, old: GraphSchema, new: GraphSchema) -> Iterator[tuple[int, str, str]]:
    """Yield (property, value, key) of what the log holds of properties that the old schema does not look up."""
    before = {each.id for kind in old.live for each in looked_up(kind)}
    for kind in new.live:
        for each in looked_up(kind):
            # What is new has no id yet, and no row has a value of it.
            if each.id > 0 and each.id not in before:
                yield from _in_log(rows, kind, each)


def _in_log(rows: CommittedRows, kind: TypeSchema, each: PropertySchema) -> Iterator[tuple[int, str, str]]:
    base = rows.base(kind.id)
    with rows.read() as conn:
        said = log.of_type(conn, LogSpan(rows.branch, base.covers if base else 0, rows.seq), kind.id)
    for row in said:
        stored = row.values.get(str(each.id))
        if stored is not None:
            yield each.id, lookup_text(stored), row.key
