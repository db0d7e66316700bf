"""Rows of a file or a table that are wrong."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRow:
    """A row of a file or a table that is not one of its type."""

    #: the number of its line, or of its row, from 1
    line: int
    #: the name of the type; empty where none could be told
    type: str
    #: the property, `from` or `to`; empty when it is the row as a whole
    field: str
    #: what it has, in few characters; empty when it has nothing
    value: str
    #: why it cannot be that
    reason: str
    #: of several sources, the one that it is in; empty where there is one
    source: str = ""
