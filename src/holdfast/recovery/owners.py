"""Whose an intent is, whether its owner still lives, and what it names. A row is checked before it is believed."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from holdfast.catalog.intents import ASKED, Intent
from holdfast.host import process
from holdfast.publish.intention import is_held

_CONTENT_ID = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class StagedNames:
    """What an intent says may be lying about if its owner dies."""

    #: content ids
    blobs: tuple[str, ...]
    #: names of tables
    tables: tuple[str, ...]
    #: the newest pin when it began: whatever it builds upon was pinned then, or later
    pin: int = 0


def is_gone(intent: Intent, now: float) -> bool:
    """Return whether an active intent has nobody any more who could finish it; raises ValueError if that is unreadable.

    It was taken from its owner before, is nobody's for certain, or its owner cannot be seen from here and was asked for
    a sign of life in vain.
    """
    if not all(isinstance(at, int | float) for at in (intent.started, intent.lease_until)):
        # SQLite keeps whatever was written.
        raise ValueError(f"not times: {intent.started!r}, {intent.lease_until!r}")
    gone = _known_gone(intent)
    return intent.error == ASKED and intent.lease_until < now if gone is None else gone


def is_silent(intent: Intent, now: float) -> bool:
    """Return whether the owner of an active intent cannot be seen from here, let its lease run out, and was not asked.

    A clock that was set forward ends every lease: only an owner that does not answer either is taken for dead.
    """
    return _known_gone(intent) is None and intent.lease_until < now and intent.error != ASKED


def is_over(intent: Intent) -> bool:
    """Return whether an active intent is nobody's for certain, whatever the clock says and before that is written down.

    What cannot be read is not.
    """
    try:
        return _known_gone(intent) is True
    except ValueError:
        return False


def _known_gone(intent: Intent) -> bool | None:
    """Return whether an active intent is nobody's any more; None when its owner cannot be seen from here."""
    owner = process.Identity.from_json(intent.owner)
    if intent.ended is not None:
        return True
    if owner == process.current():
        return not is_held(intent.intent_id)
    return process.is_dead(owner)


def named(intent: Intent, is_table: Callable[[str], bool]) -> StagedNames:
    """Return what an intent names; raises ValueError unless each is a content id, or may be the name of a table.

    What passes can only lead to places inside the store, whatever somebody wrote into the row.
    """
    try:
        found = json.loads(intent.staged)
        blobs, names = _texts(found.get("blobs", [])), _texts(found.get("tables", []))
        pin = int(found.get("pin", 0))
    except (AttributeError, TypeError) as error:
        raise ValueError(f"what it staged is not readable: {intent.staged[:80]!r}") from error
    for blob in blobs:
        if not _CONTENT_ID.fullmatch(blob):
            raise ValueError(f"it names {blob[:80]!r}, which is no content id")
    for name in names:
        if not is_table(name):
            raise ValueError(f"it names {name[:80]!r}, which is no table of this store")
    return StagedNames(blobs, names, pin)


def _texts(found: Any) -> tuple[str, ...]:
    if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
        raise TypeError("not a list of texts")
    return tuple(found)
