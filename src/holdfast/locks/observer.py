"""Locks as a person or a program sees them: who holds what, who waits, what happened so far."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

from holdfast import paths
from holdfast.catalog.work import locks
from holdfast.catalog.work.locks import HELD, QUEUED, LockCount, LockRow
from holdfast.host.clock import utc
from holdfast.host.process import Identity
from holdfast.locks import messages
from holdfast.locks.table import LockTable

#: how a lock stands
LockState = Literal["held", "stale", "handed_over", "waiting", "broken"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LockInfo:
    """One path that is held, or waited for."""

    path: str
    mode: Literal["point", "subtree"]
    #: `stale`: its lease has ended or its process is dead, and the next one supersedes it; `broken`: just taken away
    state: LockState
    #: the fencing token; of a waiter, its place: a lower one came earlier
    token: int
    actor: str
    purpose: str
    #: the process it belongs to, in words
    process: str
    host: str
    pid: int
    #: paths taken together have one holder
    holder: str
    since: datetime
    #: when the lease ends unless renewed
    expires: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LockStats:
    """The locks of a store in numbers: three of this instant, the others since the store was made."""

    #: paths that are held now, by holders that are alive or were given until their lease ends
    held: int
    #: acquires that wait now
    waiting: int
    #: paths whose lease has ended or whose process is dead, and that nobody has wanted since
    stale: int
    acquired: int
    #: acquires that failed at once, and that failed after waiting
    refused: int
    timed_out: int
    released: int
    handed_over: int
    #: paths superseded because their lease had ended, and because their process was dead
    expired: int
    orphaned: int
    #: paths taken away by hand
    broken: int
    #: locks that were no longer held when their holder came to give them back
    lost: int
    #: seconds that released locks were held
    mean_hold: float
    longest_hold: float
    #: seconds that granted acquires waited
    mean_wait: float
    longest_wait: float

    @property
    def healthy(self) -> bool:
        """Whether nothing is wrong now, whatever happened before."""
        return self.stale == 0


def held(table: LockTable, under: str = paths.ROOT) -> list[LockInfo]:
    """Return what is held at or below `under`, in order of path."""
    with table.reading() as conn:
        rows = locks.everything(conn, HELD, table.branch)
    return [info(row, _state(table, row)) for row in rows if paths.is_within(row.path, under)]


def waiting(table: LockTable) -> list[LockInfo]:
    """Return what is waited for, in order of arrival."""
    with table.reading() as conn:
        rows = locks.everything(conn, QUEUED, table.branch)
    alive = [info(row, "waiting") for row in rows if table.is_live(row)]
    return sorted(alive, key=lambda info: (info.token, info.path))


def stats(table: LockTable) -> LockStats:
    """Return the locks of the store in numbers."""
    now, queue = held(table), waiting(table)
    with table.reading() as conn:
        counted = locks.counts(conn)

    def of(what: str) -> LockCount:
        return counted.get(what, LockCount())

    released, acquired = of("released"), of("acquired")
    return LockStats(
        held=sum(info.state != "stale" for info in now),
        waiting=len({info.token for info in queue}),
        stale=sum(info.state == "stale" for info in now),
        acquired=acquired.n,
        refused=of("refused").n,
        timed_out=of("timed_out").n,
        released=released.n,
        handed_over=of("handed_over").n,
        expired=of("expired").n,
        orphaned=of("orphaned").n,
        broken=of("broken").n,
        lost=of("lost").n,
        mean_hold=_mean(released),
        longest_hold=released.longest,
        mean_wait=_mean(acquired),
        longest_wait=acquired.longest,
    )


def _mean(count: LockCount) -> float:
    return count.seconds / count.n if count.n else 0.0


def _state(table: LockTable, row: LockRow) -> LockState:
    if not table.is_live(row):
        return "stale"
    return "held" if row.owner else "handed_over"


def info(row: LockRow, state: LockState) -> LockInfo:
    """Return what is shown of a row."""
    host, pid = _process(row.owner)
    return LockInfo(
        path=row.path,
        mode=cast(Literal["point", "subtree"], row.mode),
        state=state,
        token=row.number,
        actor=row.actor,
        purpose=row.purpose,
        process=messages.process(row.owner),
        host=host,
        pid=pid,
        holder=row.holder,
        since=utc(row.since),
        expires=utc(row.expires),
    )


def _process(owner: str) -> tuple[str, int]:
    try:
        found = Identity.from_json(owner)
    except ValueError:
        return "", 0
    return found.host, found.pid
