"""Cursors of pages: a text that names a place in the answer to one question, and that no other question takes.

A cursor is opaque to users. It holds a short hash of each part of the question, so that a refusal can say which part is
another, and the place itself: numbers and texts that only whoever made it reads.
"""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NoReturn

from holdfast.errors import Unsupported

#: what a place is made of
PlacePart = int | str
#: digits of the hash of one part: what tells two questions apart is no secret
_DIGITS = 8
#: characters of a cursor that a message quotes
_SHOWN = 40


@dataclass(frozen=True)
class PagedQuestion:
    """A question whose answer is read in pages."""

    #: what is asked, as messages say it: `search`
    kind: str
    #: by the word a message uses, what makes it another question when it differs; always in this order
    parts: Mapping[str, Any]

    def cursor(self, *place: PlacePart) -> str:
        """Return the cursor of a place in the answer."""
        said = json.dumps([self.kind, self._hashes, *place], separators=(",", ":"))
        return base64.urlsafe_b64encode(said.encode()).decode().rstrip("=")

    def place(self, cursor: str, shape: Sequence[type]) -> list[Any]:
        """Return the place that a cursor of this question names, its parts of such types.

        Raises Unsupported for a text that is no cursor, and for one of another question, naming what differs.
        """
        try:
            said: list[Any] = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
            kind, hashes, *place = said
        except (ValueError, TypeError, RecursionError):
            self.refuse(cursor)
        if kind != self.kind:
            self.refuse(cursor, f"is no cursor of a {self.kind}")
        if not isinstance(hashes, str) or [type(part) for part in place] != list(shape):
            self.refuse(cursor)
        known = self._hashes
        if len(hashes) != len(known):
            self.refuse(cursor, f"is of another {self.kind}")
        others = [
            name
            for name, at in zip(self.parts, range(0, len(known), _DIGITS), strict=True)
            if hashes[at : at + _DIGITS] != known[at : at + _DIGITS]
        ]
        if others:
            self.refuse(cursor, f"is of another {self.kind}: its {_listed(others)}")
        return place

    def refuse(self, cursor: str, what: str = "is no cursor") -> NoReturn:
        """Raise Unsupported for a cursor that names no place in the answer."""
        raise Unsupported(
            f"{cursor[:_SHOWN]!r} {what}",
            remedy=f"Ask as for the page before, with a cursor of that page, or begin a new {self.kind} without one",
        )

    @cached_property
    def _hashes(self) -> str:
        """Return the hashes of the parts, one after the other."""
        return "".join(map(_hash, self.parts.values()))


def _hash(value: Any) -> str:
    said = json.dumps(value, sort_keys=True, default=str).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(said, digest_size=_DIGITS // 2).hexdigest()


def _listed(names: Sequence[str]) -> str:
    """Return the names as a sentence ends: `query differs`, `query and mode differ`."""
    if len(names) == 1:
        return f"{names[0]} differs"
    return f"{', '.join(names[:-1])} and {names[-1]} differ"
