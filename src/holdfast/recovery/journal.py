"""The intents in flight, with what can be told of their owners."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

from holdfast.backend import Backend
from holdfast.catalog import intents
from holdfast.catalog.intents import Intent
from holdfast.host import process
from holdfast.host.clock import utc
from holdfast.recovery.owners import is_gone

#: how an intent stands
IntentState = Literal["active", "committed", "swept", "set_aside"]


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentInfo:
    """One intent: something is being staged, or was."""

    #: of 32 hexadecimal digits
    id: str
    #: what its owner is doing: `publish`, `fold`, `gc`, ...
    kind: str
    actor: str
    #: `pid 12 on host`
    owner: str
    #: whether the owner can still finish it; None when that cannot be told, or it has ended
    owner_alive: bool | None
    state: IntentState
    #: content ids of blobs being stored
    blobs: tuple[str, ...]
    #: tables being written to
    tables: tuple[str, ...]
    #: sweeps that were tried and failed
    attempts: int
    #: why the last sweep failed, or why it was set aside
    error: str | None
    started: datetime
    ended: datetime | None


def in_flight(backend: Backend) -> list[IntentInfo]:
    """Return the intents that are active or were set aside, oldest first."""
    with backend.engine.read() as conn:
        found = [*intents.in_state(conn, intents.ACTIVE), *intents.in_state(conn, intents.SET_ASIDE)]
    return [_entry(intent, backend.clock.now()) for intent in found]


def newest(backend: Backend, limit: int) -> list[IntentInfo]:
    """Return the latest intents of any state, newest first."""
    with backend.engine.read() as conn:
        found = intents.newest(conn, limit)
    return [_entry(intent, backend.clock.now()) for intent in found]


def _entry(intent: Intent, now: float) -> IntentInfo:
    try:
        owner = str(process.Identity.from_json(intent.owner))
        alive = None if intent.state != intents.ACTIVE else not is_gone(intent, now)
    except ValueError:
        owner, alive = "unreadable", None
    return IntentInfo(
        id=intent.intent_id,
        kind=intent.kind,
        actor=intent.actor,
        owner=owner,
        owner_alive=alive,
        state=cast(IntentState, intent.state),
        blobs=_texts(intent, "blobs"),
        tables=_texts(intent, "tables"),
        attempts=intent.attempts,
        error=intent.error,
        started=utc(intent.started),
        ended=None if intent.ended is None else utc(intent.ended),
    )


def _texts(intent: Intent, key: str) -> tuple[str, ...]:
    try:
        return tuple(map(str, json.loads(intent.staged).get(key, ())))
    except (ValueError, AttributeError, TypeError):
        return ()
