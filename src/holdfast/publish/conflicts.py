"""Whether what a transaction looked at is still as it was (G3): names found or not found, listings, places of nodes.

It reads what others changed, or asks for what it looked at itself: whichever is fewer (G9).
"""

from collections.abc import Iterator, Sequence

from holdfast import paths
from holdfast.catalog import commits
from holdfast.catalog.branches import Branch
from holdfast.catalog.engine import Connection, within
from holdfast.catalog.history import changes, retention
from holdfast.catalog.history.changes import Changed
from holdfast.catalog.history.ground import Ground
from holdfast.errors import CommitTaken, Conflict
from holdfast.tree.committed import CommittedTree
from holdfast.tree.overlay import Overlay
from holdfast.tree.places import Places
from holdfast.tree.snapshot import CommitPlace


def too_long(error: CommitTaken) -> Conflict:
    """Return the conflict of a transaction that was open until gc took a commit that it stands on."""
    return Conflict(f"{error.message}. This transaction stands on it", path=error.path)


def ground_of(overlay: Overlay, branch: Branch, base: int, stands_on: Sequence[CommitPlace]) -> Ground:
    """Return what a change depends on: what `overlay` looked at, at the commit `base`, and the places it stands on."""
    return Ground(branch, base, _LookedAt(overlay, branch, base, stands_on).check)


class _LookedAt:
    """The names and listings that an overlay looked at, as they were at the commit `base`."""

    def __init__(self, overlay: Overlay, branch: Branch, base: int, stands_on: Sequence[CommitPlace]) -> None:
        self._overlay = overlay
        self._branch = branch
        self._base = base
        self._stands_on = stands_on

    def check(self, conn: Connection, after: int, head: int) -> None:
        """Raise Conflict when a commit in (after, head] has changed what was looked at."""
        for place in self._stands_on:
            # What it has ended since is not told any more, nor what hangs below what was removed.
            try:
                retention.check_work(conn, *place)
            except CommitTaken as error:
                raise too_long(error) from error
        if head > after and (changed := next(self._changed(conn, after, head), None)) is not None:
            raise self._conflict(conn, changed)

    def _changed(self, conn: Connection, after: int, head: int) -> Iterator[Changed]:
        """Yield what was changed after `after` of what was looked at."""
        seen = self._overlay
        looked_at = len(seen.seen_slots) + len(seen.seen_listings) + len(seen.seen_nodes)
        found = changes.between(conn, self._branch, after, head, limit=looked_at + 1)
        if len(found) <= looked_at:
            yield from filter(self._was_seen, found)
            return
        yield from changes.of_slots(conn, self._branch, after, seen.seen_slots)
        yield from changes.under(conn, self._branch, after, seen.seen_listings)
        yield from changes.of_nodes(conn, self._branch, after, seen.seen_nodes)

    def _was_seen(self, changed: Changed) -> bool:
        seen = self._overlay
        return (
            (changed.parent_id, changed.name) in seen.seen_slots
            or changed.parent_id in seen.seen_listings
            or changed.node_id in seen.seen_nodes
        )

    def _conflict(self, conn: Connection, changed: Changed) -> Conflict:
        path = self._path(conn, changed)
        return commits.overtaken(conn, path, path, changed.seq, self._base)

    def _path(self, conn: Connection, changed: Changed) -> str:
        """Return where it stood that was changed: once it was, or as the transaction saw it if its directory went."""
        for seq in (changed.seq, self._base):
            folder = Places(CommittedTree(within(conn), self._branch, seq)).path(changed.parent_id)
            if folder is not None:
                return paths.join(folder, changed.name)
        return changed.name
