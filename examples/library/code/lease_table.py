"""Leases with fencing tokens in forty lines of SQL: a companion to papers/leases-and-fencing-tokens.pdf.

Run it: `python lease_table.py`. It uses only the standard library.
"""

import sqlite3


class LeaseLost(Exception):
    """The caller's lease was taken over by somebody else."""


class LeaseTable:
    """Named leases kept in SQLite, each grant with a larger token than all before."""

    def __init__(self, path: str = ":memory:") -> None:
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute("CREATE TABLE lease (name TEXT PRIMARY KEY, holder TEXT, token INTEGER, expires REAL)")
        self.db.execute("CREATE TABLE document (name TEXT PRIMARY KEY, text TEXT)")

    def acquire(self, name: str, holder: str, now: float, ttl: float) -> int | None:
        """Return a fencing token, or None when somebody else holds a lease that has not run out."""
        row = self.db.execute(
            """INSERT INTO lease VALUES (?, ?, 1, ?)
               ON CONFLICT (name) DO UPDATE
               SET holder = excluded.holder, token = token + 1, expires = excluded.expires
               WHERE lease.expires <= ?
               RETURNING token""",
            (name, holder, now + ttl, now),
        ).fetchone()
        return row[0] if row else None

    def renew(self, name: str, token: int, now: float, ttl: float) -> None:
        """Extend a lease; a lease that was taken over stays with its new holder."""
        done = self.db.execute("UPDATE lease SET expires = ? WHERE name = ? AND token = ?", (now + ttl, name, token))
        if done.rowcount == 0:
            raise LeaseLost(f"the lease on {name} was taken over; token {token} is no longer good")

    def write(self, name: str, token: int, text: str) -> None:
        """Write under a lease: the token is checked in the transaction that makes the change visible."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            newest = self.db.execute("SELECT token FROM lease WHERE name = ?", (name,)).fetchone()
            if newest is None or newest[0] != token:
                raise LeaseLost(f"token {token} is older than the newest one granted for {name}")
            self.db.execute("INSERT OR REPLACE INTO document VALUES (?, ?)", (name, text))
            self.db.execute("COMMIT")
        except BaseException:
            self.db.execute("ROLLBACK")
            raise


def main() -> None:
    """Show a paused holder waking up too late."""
    table = LeaseTable()
    early = table.acquire("plan.md", "agent-1", now=0.0, ttl=10.0)
    assert early is not None
    assert table.acquire("plan.md", "agent-2", now=5.0, ttl=10.0) is None, "the lease still runs"
    late = table.acquire("plan.md", "agent-2", now=10.0, ttl=10.0)
    assert late is not None
    table.write("plan.md", late, "agent 2 was here")
    try:
        table.write("plan.md", early, "agent 1 wakes up")
    except LeaseLost as refused:
        print("refused:", refused)
    print("stored:", table.db.execute("SELECT text FROM document").fetchone()[0])


if __name__ == "__main__":
    main()
