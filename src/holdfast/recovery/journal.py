"""The intents in flight, with what can be told of their owners."""

import json
from dataclasses import dataclass

from holdfast.backend import Backend
from holdfast.catalog import intents
from holdfast.catalog.intents import Intent
from holdfast.host import process
from holdfast.recovery.owners import is_gone


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentInfo:
    """One intent: something is being staged, or was."""

    intent_id: str
    #: what its owner is doing: `publish`, `fold`, `gc`, ...
    kind: str
    actor: str
    #: `pid 12 on host`
    owner: str
    #: whether the owner can still finish it; None when that cannot be told, or it has ended
    owner_alive: bool | None
    #: active | committed | swept | set_aside
    state: str
    #: content ids of blobs being stored
    blobs: tuple[str, ...]
    #: tables being written to
    tables: tuple[str, ...]
    #: sweeps that were tried and failed
    attempts: int
    #: why the last sweep failed, or why it was set aside
    error: str | None
    #: seconds since the epoch
    started: float
    ended: float | None


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
        intent_id=intent.intent_id,
        kind=intent.kind,
        actor=intent.actor,
        owner=owner,
        owner_alive=alive,
        state=intent.state,
        blobs=_texts(intent, "blobs"),
        tables=_texts(intent, "tables"),
        attempts=intent.attempts,
        error=intent.error,
        started=_time(intent.started),
        ended=intent.ended,
    )


def _time(at: object) -> float:
    """Return a time as it was written; the epoch where something else was, as SQLite keeps whatever it is given."""
    return at if isinstance(at, float) else 0.0


def _texts(intent: Intent, key: str) -> tuple[str, ...]:
    try:
        return tuple(map(str, json.loads(intent.staged).get(key, ())))
    except (ValueError, AttributeError, TypeError):
        return ()
