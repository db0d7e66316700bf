"""Questions about intents: what is being staged, by whom, and what became of it."""

import json
from dataclasses import dataclass
from typing import Any

from holdfast.catalog.engine import Connection, Row

ACTIVE, COMMITTED, SWEPT, SET_ASIDE = "active", "committed", "swept", "set_aside"

_COLUMNS = "intent_id, kind, actor, owner, staged, state, attempts, error, started, lease_until, ended"


@dataclass(frozen=True, slots=True)
class Intent:
    """Something is being staged outside the catalog, or was."""

    intent_id: str
    #: what the owner is doing: `publish`, `fold`, `compact`, ...
    kind: str
    actor: str
    #: the owner's process identity, as JSON
    owner: str
    #: what may be lying about if the owner dies, as JSON
    staged: str
    #: active | committed | swept | set_aside
    state: str
    #: sweeps that were tried and failed
    attempts: int
    error: str | None
    #: seconds since the epoch
    started: float
    lease_until: float
    ended: float | None


def begin(
    conn: Connection, intent_id: str, kind: str, actor: str, owner: str, staged: Any, at: float, lease_until: float
) -> None:
    """Write an active intent."""
    conn.run(
        """INSERT INTO intents (intent_id, kind, actor, owner, staged, state, started, lease_until)
        VALUES (:id, :kind, :actor, :owner, :staged, 'active', :at, :lease)""",
        {
            "id": intent_id, "kind": kind, "actor": actor, "owner": owner,
            "staged": json.dumps(staged), "at": at, "lease": lease_until,
        },
    )  # fmt: skip


def record(conn: Connection, intent_id: str, staged: Any, lease_until: float) -> bool:
    """Replace what an active intent says it stages and renew its lease; False when it is no longer active."""
    return bool(
        conn.run(
            "UPDATE intents SET staged = :staged, lease_until = :lease WHERE intent_id = :id AND state = 'active'",
            {"id": intent_id, "staged": json.dumps(staged), "lease": lease_until},
        )
    )


def finish(conn: Connection, intent_id: str, state: str, at: float) -> bool:
    """End an active intent as `committed` or `swept`; False when it was not active any more."""
    return bool(
        conn.run(
            "UPDATE intents SET state = :state, ended = :at WHERE intent_id = :id AND state = 'active'",
            {"id": intent_id, "state": state, "at": at},
        )
    )


def failed_sweep(conn: Connection, intent_id: str, error: str, give_up_after: int, at: float) -> None:
    """Count a sweep that failed; at the last allowed one the intent is set aside."""
    conn.run(
        """UPDATE intents SET attempts = attempts + 1, error = :error,
            state = CASE WHEN attempts + 1 >= :limit THEN 'set_aside' ELSE state END,
            ended = CASE WHEN attempts + 1 >= :limit THEN :at ELSE ended END
        WHERE intent_id = :id AND state = 'active'""",
        {"id": intent_id, "error": error, "limit": give_up_after, "at": at},
    )


def in_state(conn: Connection, state: str) -> list[Intent]:
    """Return the intents in `state`, oldest first."""
    return _intents(
        conn.rows(f"SELECT {_COLUMNS} FROM intents WHERE state = :state ORDER BY started", {"state": state})
    )


def newest(conn: Connection, limit: int) -> list[Intent]:
    """Return the latest intents of any state, newest first."""
    return _intents(conn.rows(f"SELECT {_COLUMNS} FROM intents ORDER BY started DESC LIMIT :n", {"n": limit}))


def oldest_active(conn: Connection) -> float | None:
    """Return when the oldest active intent began, in seconds since the epoch."""
    row = conn.row("SELECT min(started) FROM intents WHERE state = 'active'")
    return row[0] if row else None


def forget_ended(conn: Connection, before: float) -> int:
    """Drop committed and swept intents that ended before `before`; returns how many."""
    return conn.run("DELETE FROM intents WHERE state IN ('committed', 'swept') AND ended < :before", {"before": before})


def _intents(rows: list[Row]) -> list[Intent]:
    return [Intent(*row) for row in rows]
