"""Questions about intents: what is being staged, by whom, and what became of it.

An active intent whose `ended` is set has been taken from its owner, who was found dead: the owner can no longer finish
it, should it wake up after all, and what it staged may be removed.
"""

import json
from dataclasses import asdict, dataclass
from typing import Any

from holdfast.catalog.engine import Connection, Row

ACTIVE, COMMITTED, SWEPT, SET_ASIDE = "active", "committed", "swept", "set_aside"

#: intents that ended one way or the other which are kept, to be looked at
KEPT = 1000
#: rows dropped when one ends, at most
THINNED_AT_ONCE = 100
#: in an active intent's `error`: its lease ran out, and its owner has been asked for a sign of life
ASKED = "its lease ran out, and its owner was asked for a sign of life"

_COLUMNS = "intent_id, kind, actor, owner, staged, state, attempts, error, started, lease_until, ended"
#: still in the hands of the one who began it
_OWNED = "state = 'active' AND ended IS NULL"


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
    #: when it ended, or when its owner was found dead
    ended: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewIntent:
    """An intent to be written: what its owner is about to stage."""

    intent_id: str
    #: what it is for: `publish`, `fold`, `gc`, ...
    kind: str
    actor: str
    #: the process identity of who stages, as JSON
    owner: str
    #: what may be left behind; kept as JSON
    staged: Any
    #: seconds since the epoch
    started: float
    lease_until: float


def begin(conn: Connection, new: NewIntent) -> None:
    """Write an active intent."""
    conn.run(
        """INSERT INTO intents (intent_id, kind, actor, owner, staged, state, started, lease_until)
        VALUES (:intent_id, :kind, :actor, :owner, :staged, 'active', :started, :lease_until)""",
        {**asdict(new), "staged": json.dumps(new.staged)},
    )


def finish(conn: Connection, intent_id: str, state: str, at: float) -> bool:
    """End an active intent as `committed` or `swept`; False when it is no longer its owner's to end."""
    ended = conn.run(
        f"UPDATE intents SET state = :state, ended = :at WHERE intent_id = :id AND {_OWNED}",
        {"id": intent_id, "state": state, "at": at},
    )
    _thin(conn, state)
    return bool(ended)


def _thin(conn: Connection, state: str) -> None:
    """Drop intents that ended as `state`, but for the newest."""
    conn.run(
        """DELETE FROM intents WHERE intent_id IN (
            SELECT intent_id FROM intents WHERE state = :state ORDER BY ended DESC LIMIT :most OFFSET :kept)""",
        {"state": state, "kept": KEPT, "most": THINNED_AT_ONCE},
    )


def renew(conn: Connection, intent_id: str, lease_until: float) -> bool:
    """Prolong the lease of an intent that is still its owner's, which answers whoever asked; False when it is not."""
    return bool(
        conn.run(
            f"UPDATE intents SET lease_until = :lease, error = NULL WHERE intent_id = :id AND {_OWNED}",
            {"id": intent_id, "lease": lease_until},
        )
    )


def ask(conn: Connection, intent: Intent, lease_until: float) -> bool:
    """Ask the owner of an intent for a sign of life until `lease_until`; False when it gave one, or ended."""
    return bool(
        conn.run(
            f"""UPDATE intents SET lease_until = :lease, error = :asked
            WHERE intent_id = :id AND lease_until = :before AND {_OWNED}""",
            {"id": intent.intent_id, "lease": lease_until, "before": intent.lease_until, "asked": ASKED},
        )
    )


def take_over(conn: Connection, intent: Intent, at: float) -> bool:
    """Take an active intent from its owner; False when it ended, was taken already, or has been renewed."""
    sql = f"UPDATE intents SET ended = :at WHERE intent_id = :id AND lease_until = :lease AND {_OWNED}"
    return bool(conn.run(sql, {"id": intent.intent_id, "at": at, "lease": intent.lease_until}))


def end_swept(conn: Connection, intent_id: str, was: str, at: float) -> bool:
    """End an intent as `swept` that was taken over or set aside; False when it is not in the state `was` any more."""
    ended = conn.run(
        "UPDATE intents SET state = 'swept', ended = :at WHERE intent_id = :id AND state = :was",
        {"id": intent_id, "was": was, "at": at},
    )
    _thin(conn, SWEPT)
    return bool(ended)


def set_aside(conn: Connection, intent_id: str, error: str, at: float) -> bool:
    """Give an active intent up for its `error`; False when it was not active any more."""
    return bool(
        conn.run(
            """UPDATE intents SET state = 'set_aside', error = :error, ended = :at
            WHERE intent_id = :id AND state = 'active'""",
            {"id": intent_id, "error": error, "at": at},
        )
    )


def failed_sweep(conn: Connection, intent_id: str, error: str) -> int | None:
    """Count a sweep that failed; returns how many did, None when the intent is not active any more."""
    row = conn.row(
        """UPDATE intents SET attempts = attempts + 1, error = :error
        WHERE intent_id = :id AND state = 'active' RETURNING attempts""",
        {"id": intent_id, "error": error},
    )
    return int(row[0]) if row else None


def in_state(conn: Connection, state: str) -> list[Intent]:
    """Return the intents in `state`, oldest first."""
    # The sum keeps SQLite from walking all intents in order of time.
    return _intents(
        conn.rows(f"SELECT {_COLUMNS} FROM intents WHERE state = :state ORDER BY started + 0", {"state": state})
    )


def newest(conn: Connection, limit: int) -> list[Intent]:
    """Return the latest intents of any state, newest first."""
    return _intents(conn.rows(f"SELECT {_COLUMNS} FROM intents ORDER BY started DESC LIMIT :n", {"n": limit}))


def live(conn: Connection) -> list[Intent]:
    """Return the active intents that nobody has taken from their owners, oldest first."""
    return _intents(conn.rows(f"SELECT {_COLUMNS} FROM intents WHERE {_OWNED} ORDER BY started + 0"))


def oldest_pin(conn: Connection) -> int | None:
    """Return the newest pin of the time when the first of the live intents began; None when there is no live one.

    One that does not say it counts as having begun before all pins.
    """
    rows = conn.rows(f"SELECT staged FROM intents WHERE {_OWNED}")
    return min((_pin(row[0]) for row in rows), default=None)


def held_commits(conn: Connection) -> list[tuple[int, int]]:
    """Return (branch, commit) of every commit that a live reader holds."""
    found = (_commit(row[0]) for row in conn.rows(f"SELECT staged FROM intents WHERE {_OWNED}"))
    return [place for place in found if place is not None]


def _commit(staged: str) -> tuple[int, int] | None:
    try:
        branch_id, seq = json.loads(staged)["commit"]
        return int(branch_id), int(seq)
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        return None


def _pin(staged: str) -> int:
    try:
        return int(json.loads(staged).get("pin", 0))
    except (AttributeError, TypeError, ValueError, RecursionError):
        return 0


def counts(conn: Connection) -> dict[str, int]:
    """Return how many intents have not ended well, by state: `active` and `set_aside`."""
    rows = conn.rows(
        "SELECT state, count(*) FROM intents WHERE state IN (:active, :aside) GROUP BY state",
        {"active": ACTIVE, "aside": SET_ASIDE},
    )
    return {row[0]: row[1] for row in rows}


def forget_ended(conn: Connection, before: float) -> int:
    """Drop committed and swept intents that ended before `before`; returns how many."""
    return conn.run("DELETE FROM intents WHERE state IN ('committed', 'swept') AND ended < :before", {"before": before})


def _intents(rows: list[Row]) -> list[Intent]:
    return [Intent(*row) for row in rows]
