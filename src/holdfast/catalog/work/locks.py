"""Questions about path locks: who holds what, who waits, and the numbers they are known by.

Held locks and the queue of waiters have the same columns, so one question serves both. A look-up is by exact path (a
path and its ancestors) or by the range of paths below one, both on an index: its cost is that of what is asked for,
however many other locks are held.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from holdfast.catalog.branches import Branch
from holdfast.catalog.engine import Connection, batches, in_list, rows_among

HELD, QUEUED = "locks", "lock_queue"

#: tokens that one durable write sets aside
NUMBERS_PER_BLOCK = 65_536
#: rows below a path that are read in one go
BELOW_AT_A_TIME = 200

#: the holder of no lock: NOT IN needs somebody
_NOBODY = ""

_KEYS = {HELD: "token", QUEUED: "ticket"}
_COLUMNS = "path, mode, holder, owner, actor, purpose, since, expires"


@dataclass(frozen=True, slots=True)
class LockRow:
    """One path that is held, or waited for."""

    #: its fencing token; in the queue, the ticket: a lower one came earlier
    number: int
    path: str
    #: point | subtree
    mode: str
    #: the handle it belongs to; nested locks of one handle share it
    holder: str
    #: the process identity as JSON; empty while it is handed over and nobody has adopted it
    owner: str
    actor: str
    purpose: str
    #: seconds since the epoch
    since: float
    #: when the lease ends, in seconds since the epoch
    expires: float


@dataclass(frozen=True, slots=True)
class LockCount:
    """How often something happened to locks of this store, and how long it took in all."""

    n: int = 0
    seconds: float = 0.0
    #: the longest of them, in seconds
    longest: float = 0.0


# --- who holds, who waits


def at_paths(conn: Connection, table: str, branch: Branch, paths: Iterable[str], but: Sequence[str]) -> list[LockRow]:
    """Return the rows on exactly these paths, in no order, except those of the holders `but`."""
    marks, excluded = in_list([*but, _NOBODY], "b")
    sql = f"""SELECT {_KEYS[table]}, {_COLUMNS} FROM {table}
        WHERE branch_id = :branch AND path IN (:ids) AND holder NOT IN ({marks})"""
    return [LockRow(*row) for row in rows_among(conn, sql, paths, {**excluded, "branch": branch.id})]


def below(
    conn: Connection, table: str, branch: Branch, path: str, but: Sequence[str], *, after: LockRow | None
) -> list[LockRow]:
    """Return up to `BELOW_AT_A_TIME` rows on paths below `path`, by path and number, after the row `after`."""
    marks, excluded = in_list([*but, _NOBODY], "b")
    first = path.rstrip("/") + "/"
    key = _KEYS[table]
    rows = conn.rows(
        # "0" is the character after "/": between the two lies what is below the path and nothing else.
        f"SELECT {key}, {_COLUMNS} FROM {table} WHERE branch_id = :branch AND (path, {key}) > (:at, :number)"
        f" AND path < :last AND holder NOT IN ({marks}) ORDER BY path, {key} LIMIT :limit",
        {
            **excluded,
            "branch": branch.id,
            "at": after.path if after else first,
            "number": after.number if after else 0,
            "last": first[:-1] + "0",
            "limit": BELOW_AT_A_TIME,
        },
    )
    return [LockRow(*row) for row in rows]


def any_held(conn: Connection) -> bool:
    """Return whether any lock exists."""
    return conn.row("SELECT 1 FROM locks LIMIT 1") is not None


def everything(conn: Connection, table: str, branch: Branch) -> list[LockRow]:
    """Return all rows, in order of path and number."""
    key = _KEYS[table]
    rows = conn.rows(
        f"SELECT {key}, {_COLUMNS} FROM {table} WHERE branch_id = :branch ORDER BY path, {key}", {"branch": branch.id}
    )
    return [LockRow(*row) for row in rows]


def forget_branch(conn: Connection, branch: Branch) -> None:
    """Drop all locks of a branch, and all places in the queue for one."""
    for table in (HELD, QUEUED):
        conn.run(f"DELETE FROM {table} WHERE branch_id = :branch", {"branch": branch.id})


def current(conn: Connection, tokens: Iterable[int], now: float) -> set[int]:
    """Return which of `tokens` are held and have not expired."""
    sql = "SELECT token FROM locks WHERE token IN (:ids) AND expires > :now"
    return {row[0] for row in rows_among(conn, sql, tokens, {"now": now})}


# --- taking, keeping, giving back


def hold(conn: Connection, branch: Branch, rows: Iterable[LockRow]) -> None:
    """Write held locks."""
    _insert(conn, HELD, branch, rows)


def queue(conn: Connection, branch: Branch, rows: Iterable[LockRow]) -> None:
    """Write a waiter's place in the queue."""
    _insert(conn, QUEUED, branch, rows)


def _insert(conn: Connection, table: str, branch: Branch, rows: Iterable[LockRow]) -> None:
    conn.run_many(
        f"""INSERT INTO {table} ({_KEYS[table]}, branch_id, {_COLUMNS})
        VALUES (:number, :branch, :path, :mode, :holder, :owner, :actor, :purpose, :since, :expires)""",
        [_values(branch, row) for row in rows],
    )


def _values(branch: Branch, row: LockRow) -> dict[str, Any]:
    return {
        "number": row.number,
        "branch": branch.id,
        "path": row.path,
        "mode": row.mode,
        "holder": row.holder,
        "owner": row.owner,
        "actor": row.actor,
        "purpose": row.purpose,
        "since": row.since,
        "expires": row.expires,
    }


def renew(conn: Connection, tokens: Iterable[int], now: float, expires: float) -> set[int]:
    """Let leases end at `expires`; returns the tokens that are still held. One that has expired is not revived."""
    sql = "UPDATE locks SET expires = :expires WHERE token IN (:ids) AND expires > :now RETURNING token"
    return {row[0] for row in rows_among(conn, sql, tokens, {"now": now, "expires": expires})}


def keep_place(conn: Connection, ticket: int, expires: float) -> bool:
    """Let a waiter's place last until `expires`; False when it has been taken away."""
    return bool(
        conn.run(
            "UPDATE lock_queue SET expires = :expires WHERE ticket = :ticket", {"ticket": ticket, "expires": expires}
        )
    )


def give_back(conn: Connection, tokens: Iterable[int], now: float) -> int:
    """Delete held locks; returns how many of them had not expired."""
    rows = rows_among(conn, "DELETE FROM locks WHERE token IN (:ids) RETURNING expires", tokens)
    return sum(row[0] > now for row in rows)


def remove_after(conn: Connection, holder: str, token: int) -> None:
    """Delete what `holder` got after it had `token`, held or waited for."""
    for table, key in _KEYS.items():
        conn.run(f"DELETE FROM {table} WHERE holder = :holder AND {key} > :token", {"holder": holder, "token": token})


def remove(conn: Connection, table: str, numbers: Iterable[int]) -> int:
    """Delete rows by token or ticket; returns how many there were."""
    removed = 0
    for batch in batches(numbers):
        marks, params = in_list(batch)
        removed += conn.run(f"DELETE FROM {table} WHERE {_KEYS[table]} IN ({marks})", params)
    return removed


def remove_expired(conn: Connection, table: str, now: float, limit: int) -> int:
    """Delete at most `BELOW_AT_A_TIME` rows whose lease has ended; returns how many."""
    key = _KEYS[table]
    return conn.run(
        f"DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM {table} WHERE expires <= :now LIMIT :limit)",
        {"now": now, "limit": limit},
    )


# --- handing over


def make_out(conn: Connection, token: int, successor: int, holder: str, claim: str, expires: float) -> None:
    """Make a lock out to whoever shows `claim`, under a new token, so that its former holder is fenced off."""
    conn.run(
        """UPDATE locks SET token = :successor, holder = :holder, owner = '', claim = :claim, expires = :expires
        WHERE token = :token""",
        {"token": token, "successor": successor, "holder": holder, "claim": claim, "expires": expires},
    )


def adopt(conn: Connection, claim: str, owner: str, now: float, expires: float) -> list[LockRow]:
    """Give the locks made out to `claim` to `owner`, once; returns them, none when there are none any more."""
    rows = conn.rows(
        f"""UPDATE locks SET owner = :owner, claim = NULL, expires = :expires
        WHERE claim = :claim AND expires > :now RETURNING token, {_COLUMNS}""",
        {"claim": claim, "owner": owner, "now": now, "expires": expires},
    )
    return [LockRow(*row) for row in rows]


# --- numbers


def take_numbers(conn: Connection, n: int, boot: str) -> int | None:
    """Return the first of `n` numbers never given before, or None when more must be set aside first."""
    row = conn.row(
        """UPDATE lock_numbers SET next_number = next_number + :n
        WHERE name = 'token' AND boot = :boot AND next_number + :n <= reserved_until RETURNING next_number""",
        {"n": n, "boot": boot},
    )
    return row[0] - n if row else None


def reserve_numbers(conn: Connection, boot: str) -> None:
    """Set a block of numbers aside; the transaction must be a durable one.

    After a restart of the machine the counter may have gone back, so it goes on from the end of what was set aside.
    """
    conn.run(
        """INSERT INTO lock_numbers (name, boot, next_number, reserved_until) VALUES ('token', :boot, 1, 1 + :block)
        ON CONFLICT (name) DO UPDATE SET
            next_number = CASE WHEN lock_numbers.boot = :boot
                THEN lock_numbers.next_number ELSE lock_numbers.reserved_until END,
            reserved_until = lock_numbers.reserved_until + :block,
            boot = :boot""",
        {"boot": boot, "block": NUMBERS_PER_BLOCK},
    )


# --- counts


def count(conn: Connection, what: str, n: int = 1, seconds: float = 0.0) -> None:
    """Note that something happened to `n` locks, and how long it took."""
    conn.run(
        """INSERT INTO lock_counts (what, n, seconds, longest) VALUES (:what, :n, :seconds, :seconds)
        ON CONFLICT (what) DO UPDATE SET n = lock_counts.n + :n, seconds = lock_counts.seconds + :seconds,
            longest = CASE WHEN :seconds > lock_counts.longest THEN :seconds ELSE lock_counts.longest END""",
        {"what": what, "n": n, "seconds": seconds},
    )


def count_some(conn: Connection, what: str, n: int) -> None:
    """Note that something happened to `n` locks, if it happened to any."""
    if n:
        count(conn, what, n=n)


def counts(conn: Connection) -> dict[str, LockCount]:
    """Return all that was counted, by what happened."""
    return {row[0]: LockCount(*row[1:]) for row in conn.rows("SELECT what, n, seconds, longest FROM lock_counts")}
