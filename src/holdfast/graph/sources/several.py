"""Several sources as one: each by the name of its type, or one after another."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
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
            yield from _named(name if len(source) > 1 else "", read_rows(each, schema, type=name, format=format))
    elif isinstance(source, list | tuple):
        for number, each in enumerate(source, 1):
            name = str(each) if isinstance(each, str | Path) else f"table {number}"
            yield from _named("" if len(source) == 1 else name, read_rows(each, schema, type=type, format=format))
    else:
        yield from read_rows(source, schema, type=type, format=format)


def _named(name: str, batches: Iterator[SourceBatch]) -> Iterator[SourceBatch]:
    """Say of what is wrong which of several sources it is in."""
    for batch in batches:
        yield replace(batch, bad=[replace(each, source=name) for each in batch.bad])


def is_read_once(source: Any) -> bool:
    """Return whether a source is a stream, of which nothing is left when it was read."""
    if isinstance(source, Mapping):
        return any(is_read_once(each) for each in source.values())
    if isinstance(source, list | tuple):
        return any(is_read_once(each) for each in source)
    return hasattr(source, "read_next_batch")
