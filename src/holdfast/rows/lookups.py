"""What is found by value: filled in for rows that were written before a property was looked up."""

from collections.abc import Iterator

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
    for row in rows.logged(kind.id)[0].values():
        value = row.data.get(str(each.id)) if row is not None else None
        if row is not None and value is not None:
            yield each.id, lookup_text(value), row.key
