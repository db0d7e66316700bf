"""What differs between the SQL that is asked and what PostgreSQL and its driver take: names of parameters, and types.

A statement is written once, for both databases. All else that PostgreSQL wants otherwise is in the statements
themselves, in a form that SQLite takes too: a CAST, a collation in the schema, no empty IN list.
"""

import functools
import re
from typing import Any

import psycopg
from psycopg import adapt
from psycopg.types import numeric

#: PostgreSQL's text has no NUL; it is kept as this character, which is none and stands in no text, and a digit
_ESCAPE = "\U0010ffff"
_NUL, _ITSELF = f"{_ESCAPE}0", f"{_ESCAPE}1"

#: what is left alone (texts, quoted names, casts), what is a parameter, and what the driver would take for one
_TOKENS = re.compile(r"""('[^']*'|"[^"]*"|::)|:([A-Za-z_]\w*)|%""")


@functools.lru_cache(maxsize=2048)
def in_drivers_style(sql: str) -> str:
    """Return a statement with its `:name` parameters as the driver writes them."""
    return _TOKENS.sub(_token, sql)


def _token(found: re.Match[str]) -> str:
    if found[2]:
        return f"%({found[2]})s"
    return (found[1] or "%").replace("%", "%%")


def escaped(text: str) -> str:
    """Return `text` without NUL, so that `unescaped` can tell what it was."""
    return text.replace(_ESCAPE, _ITSELF).replace("\0", _NUL)


def unescaped(text: str) -> str:
    """Return the text that `escaped` was given."""
    return text.replace(_NUL, "\0").replace(_ITSELF, _ESCAPE)


class _TextDumper(adapt.Dumper):
    # Of no stated type: PostgreSQL takes it for what the statement needs there.
    def dump(self, obj: Any) -> bytes:
        text: str = obj
        return (escaped(text) if "\0" in text or _ESCAPE in text else text).encode()


class _TextLoader(adapt.Loader):
    def load(self, data: Any) -> str:
        text = str(data, "utf-8")
        return unescaped(text) if _ESCAPE in text else text


class _WholeLoader(adapt.Loader):
    """Sums of whole numbers have a type of their own in PostgreSQL."""

    def load(self, data: Any) -> int:
        return int(bytes(data))


def adapt_types(raw: psycopg.Connection[Any]) -> None:
    """Have a connection give and take values as SQLite's driver does."""
    # Every whole number is one of 64 bits, so that no statement depends on how large the one is that it is given.
    raw.adapters.register_dumper(int, numeric.Int8Dumper)
    raw.adapters.register_dumper(int, numeric.Int8BinaryDumper)
    raw.adapters.register_dumper(str, _TextDumper)
    raw.adapters.register_loader("text", _TextLoader)
    raw.adapters.register_loader("varchar", _TextLoader)
    raw.adapters.register_loader("numeric", _WholeLoader)
