"""What rows in tables and lines are said to rest on, until it is known what that means in a store."""

import json
from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa

from holdfast.errors import InvalidRow
from holdfast.json_values import canonical
from holdfast.rows.schema.codec import RowCodec
from holdfast.rows.schema.values import Refused
from holdfast.rows.sources import SOURCES, all_parsed, shape


def noted_sources(codec: RowCodec, line: int, given: object) -> str:
    """Return what a row in a line is said to rest on, with its line; raises InvalidRow."""
    try:
        return canonical([line, [shape(each) for each in all_parsed(given)]])
    except Refused as refused:
        raise codec.invalid(SOURCES, given, str(refused)) from None


def noted_column(
    codec: RowCodec, cells: Iterable[Any], lines: Iterable[int]
) -> tuple[pa.Array, pa.Array, dict[int, InvalidRow]]:
    """Return what the rows of a column are said to rest on, which are refused, and why, by row."""
    noted: list[str | None] = []
    wrong: dict[int, InvalidRow] = {}
    for row, (given, line) in enumerate(zip(cells, lines, strict=True)):
        try:
            noted.append(None if given is None else noted_sources(codec, line, _meant(given)))
        except InvalidRow as error:
            noted.append(None)
            wrong[row] = error
    refused = np.isin(np.arange(len(noted)), list(wrong))
    return pa.array(noted, pa.string()), pa.array(refused, pa.bool_()), wrong


def _meant(given: Any) -> Any:
    """Return what a cell says: JSON where it is that, else a path or a list of them."""
    if isinstance(given, list):
        # A structure of Arrow has each field, those that are not given too.
        return [{k: v for k, v in each.items() if v is not None} if isinstance(each, dict) else each for each in given]
    if not isinstance(given, str):
        return given
    try:
        return json.loads(given) if given.startswith("[") else [given]
    except ValueError:
        return given
