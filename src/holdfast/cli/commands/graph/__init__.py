"""The graph: its schema, its rows, and going along its edges."""

import typer

from holdfast.cli.call import group

app: typer.Typer = group("Typed nodes and edges: declare, insert, find, go along.")

# They add themselves to the group, in the order in which people meet them.
from holdfast.cli.commands.graph import asking, files, provenance, rows, schema, search, statements  # noqa: E402

__all__ = ["app", "asking", "files", "provenance", "rows", "schema", "search", "statements"]
