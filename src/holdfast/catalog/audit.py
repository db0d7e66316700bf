"""Questions about the audit trail: what recovery and upkeep did by themselves."""

from dataclasses import dataclass
from datetime import datetime

from holdfast.catalog.engine import Connection, Row
from holdfast.host.clock import utc

#: rows of one kind that are kept
KEPT = 1000
#: rows dropped when one is written, at most
THINNED_AT_ONCE = 100
#: the kind of row that says that work in the background failed
TROUBLE = "trouble"


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """An entry of the audit trail: what recovery, upkeep or a forced command did."""

    #: its place in the order of all of them
    id: int
    at: datetime
    #: `sweep`, `set_aside`, `gc`, `repair`, `trouble`, ...
    kind: str
    #: what it was done to
    subject: str
    detail: str


def write(conn: Connection, at: float, kind: str, subject: str, detail: str) -> bool:
    """Write a row unless this was already audited; returns whether it was written.

    (kind, subject) is unique, so that a recovery repeated after a fault leaves one row and not two. Of each kind the
    newest are kept.
    """
    written = conn.run(
        """INSERT INTO audit (at, kind, subject, detail) VALUES (:at, :kind, :subject, :detail)
        ON CONFLICT DO NOTHING""",
        {"at": at, "kind": kind, "subject": subject, "detail": detail},
    )
    conn.run(
        """DELETE FROM audit WHERE audit_id IN (
            SELECT audit_id FROM audit WHERE kind = :kind ORDER BY audit_id DESC LIMIT :most OFFSET :kept)""",
        {"kind": kind, "kept": KEPT, "most": THINNED_AT_ONCE},
    )
    return bool(written)


def newest(conn: Connection, limit: int) -> list[AuditRecord]:
    """Return the latest rows, newest first."""
    rows = conn.rows(
        "SELECT audit_id, at, kind, subject, detail FROM audit ORDER BY audit_id DESC LIMIT :n", {"n": limit}
    )
    return [_record(row) for row in rows]


def newest_of(conn: Connection, kind: str) -> AuditRecord | None:
    """Return the latest row of one kind."""
    row = conn.row(
        "SELECT audit_id, at, kind, subject, detail FROM audit WHERE kind = :kind ORDER BY audit_id DESC LIMIT 1",
        {"kind": kind},
    )
    return _record(row) if row else None


def _record(row: Row) -> AuditRecord:
    number, at, *rest = row
    return AuditRecord(number, utc(at), *rest)
