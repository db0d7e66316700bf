"""Several sources as one: each by the name of its type, or one after another."""

from collections.abc import Iterator, Mapping
from typing import Any

from holdfast.graph.loading.report import FileFormat
from holdfast.graph.sources.batches import SourceBatch
from holdfast.graph.sources.reading import read_rows
from holdfast.rows.schema.types import GraphSchema


def read_all(
    source: Any, schema: GraphSchema, *, type: str | None = None, format: FileFormat | None = None
) -> Iterator[SourceBatch]:
    """Yield the rows of a source, of a dict of sources by the names of their types, or of a list of them."""
    if isinstance(source, Mapping):
        for name, each in source.items():
            yield from read_rows(each, schema, type=name, format=format)
    elif isinstance(source, list | tuple):
        for each in source:
            yield from read_rows(each, schema, type=type, format=format)
    else:
        yield from read_rows(source, schema, type=type, format=format)


def is_read_once(source: Any) -> bool:
    """Return whether a source is a stream, of which nothing is left when it was read."""
    if isinstance(source, Mapping):
        return any(is_read_once(each) for each in source.values())
    if isinstance(source, list | tuple):
        return any(is_read_once(each) for each in source)
    return hasattr(source, "read_next_batch")
