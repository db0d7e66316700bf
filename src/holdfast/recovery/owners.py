"""Whose an intent is, whether its owner still lives, and what it names. A row is checked before it is believed."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from holdfast import process
from holdfast.catalog.intents import Intent

_CONTENT_ID = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Named:
    """What an intent says may be lying about if its owner dies."""

    #: content ids
    blobs: tuple[str, ...]
    #: names of tables
    tables: tuple[str, ...]


def is_gone(intent: Intent, now: float) -> bool:
    """Return whether an active intent has nobody any more who could finish it; raises ValueError if that is unreadable.

    Its owner was found dead before, is dead on this host, or is on another host and let its lease run out.
    """
    owner = process.Identity.from_json(intent.owner)
    if not all(isinstance(at, int | float) for at in (intent.started, intent.lease_until)):
        # SQLite keeps whatever was written.
        raise ValueError(f"not times: {intent.started!r}, {intent.lease_until!r}")
    if intent.ended is not None:
        return True
    dead = process.is_dead(owner)
    return intent.lease_until < now if dead is None else dead


def named(intent: Intent, tables: Iterable[str]) -> Named:
    """Return what an intent names; raises ValueError unless each is a content id, or the name of one of `tables`.

    What passes can only lead to places inside the store, whatever somebody wrote into the row.
    """
    try:
        found = json.loads(intent.staged)
        blobs, names = _texts(found.get("blobs", [])), _texts(found.get("tables", []))
    except (AttributeError, TypeError) as error:
        raise ValueError(f"what it staged is not readable: {intent.staged[:80]!r}") from error
    for blob in blobs:
        if not _CONTENT_ID.fullmatch(blob):
            raise ValueError(f"it names {blob[:80]!r}, which is no content id")
    known = set(tables)
    for name in names:
        if name not in known:
            raise ValueError(f"it names {name[:80]!r}, which is no table of this store")
    return Named(blobs, names)


def _texts(found: Any) -> tuple[str, ...]:
    if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
        raise TypeError("not a list of texts")
    return tuple(found)
