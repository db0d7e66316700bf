"""What a change stands on, until it is published: unchanged so far, or lost."""

from collections.abc import Callable

from holdfast.catalog import commits
from holdfast.catalog.branches import Branch
from holdfast.catalog.engine import Connection
from holdfast.errors import Conflict


class Ground:
    """Whether what a change depends on is still as it was at a commit `base` of a branch.

    Commits are never changed, so what was found unchanged up to a commit is not looked at again: a change asks before
    its turn to write, and in its turn only about what was committed since.
    """

    def __init__(
        self,
        branch: Branch,
        base: int,
        check: Callable[[Connection, int, int], None],
        lost: type[Exception] = Conflict,
    ) -> None:
        """Have `check(conn, after, head)` raise `lost` when a commit in (after, head] changed it."""
        self._branch = branch
        self._check = check
        self._kind = lost
        self._unchanged_until = base
        self._lost: Exception | None = None

    def look_ahead(self, conn: Connection) -> None:
        """Check all that was committed so far, outside the turn to write; what is lost is kept for `check` to raise.

        Who lost a lock must hear of that first (G6), and a repeated idempotency key is answered and not checked.
        """
        try:
            self.check(conn, commits.head(conn, self._branch))
        except self._kind as error:
            self._lost = error

    def check(self, conn: Connection, head: int) -> None:
        """Raise when a commit up to `head`, the newest, has changed what was looked at."""
        if self._lost is not None:
            raise self._lost
        self._check(conn, self._unchanged_until, head)
        self._unchanged_until = head
