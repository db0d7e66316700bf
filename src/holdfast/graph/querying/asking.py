"""Asking the graph in SQL and in Cypher."""

import importlib.metadata
import importlib.util
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.backend import Backend
from holdfast.graph.querying.caches import QueryCache, caches_of, missing_extra
from holdfast.graph.querying.limits import Statement
from holdfast.rows.differences import GraphSide

if TYPE_CHECKING:
    import pyarrow as pa


def answer(backend: Backend, engine: str, side: GraphSide, statement: Statement) -> "pa.Table":
    """Return the answer of an engine, `duckdb` or `ladybug`, to a statement about a graph."""
    return caches_of(backend).ask(_makers()[engine], _version(engine), side, statement)


@cache
def _version(engine: str) -> str:
    if importlib.util.find_spec(engine) is None:
        raise missing_extra(engine)
    return f"{engine}-{importlib.metadata.version(engine)}"


def _makers() -> dict[str, Callable[[Path], QueryCache]]:
    from holdfast.graph.querying.bug import BugCache
    from holdfast.graph.querying.duck import DuckCache

    return {"duckdb": DuckCache, "ladybug": BugCache}
