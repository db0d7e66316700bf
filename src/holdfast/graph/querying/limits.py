"""What a statement may take, and how it is asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from holdfast.errors import HoldfastError, TooLarge, Unsupported

#: rows of an answer, seconds, and bytes of memory that a statement may take when nothing else is said
MAX_ROWS, MAX_SECONDS, MAX_MEMORY = 100_000, 30.0, 512 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A statement in the language of an engine, with its limits."""

    text: str
    parameters: Mapping[str, Any]
    #: rows that the answer may have
    rows: int
    seconds: float


def statement_of(text: str, parameters: Mapping[str, Any] | None, limit: int, seconds: float) -> Statement:
    """Return a statement with its limits; raises Unsupported for limits that are none."""
    if limit < 0 or seconds <= 0:
        raise Unsupported("A limit is a number above zero", path="limit", remedy="Leave it out, or give more")
    return Statement(text=text, parameters=parameters or {}, rows=limit, seconds=seconds)


def too_slow(statement: Statement) -> HoldfastError:
    """Return the error that says that a statement was stopped."""
    return TooLarge(
        f"The statement was stopped after {statement.seconds:g} seconds",
        path="statement",
        remedy="Ask for less, or allow more with `seconds`",
    )


def too_many(statement: Statement) -> HoldfastError:
    """Return the error that says that an answer has too many rows."""
    return TooLarge(
        f"The answer has more than {statement.rows} rows",
        path="statement",
        remedy="Put a LIMIT into the statement, or allow more with `limit`",
    )


def too_heavy() -> HoldfastError:
    """Return the error that says that an answer takes too much memory."""
    return TooLarge(
        f"The statement needs more than {MAX_MEMORY // 1024**2} MiB of memory", path="statement", remedy="Ask for less"
    )


def not_allowed(what: str) -> HoldfastError:
    """Return the error that says that a statement is more than a question to the graph."""
    return Unsupported(
        f"{what} is not allowed: a statement asks the graph, and neither changes it nor reaches beyond it",
        path="statement",
        remedy="Change rows with store.graph.insert, update and delete, or `holdfast graph insert`",
    )


def wrong(language: str, said: str) -> HoldfastError:
    """Return the error that says what an engine has against a statement."""
    return Unsupported(
        f"This is no {language} that the graph can be asked: {said}",
        path="statement",
        remedy="`holdfast graph schema show` lists the types, which are the tables",
    )
