"""The last stage: groups are published one after another in a thread, while the next ones are prepared."""

import contextvars
import os
from collections.abc import Callable, Sequence

from holdfast.backend import Backend
from holdfast.host.threads import Helpers, Task
from holdfast.ingest.publishing import groups
from holdfast.ingest.publishing.groups import Attribution, Group
from holdfast.ingest.publishing.placement import Member, Published, Removal, Vanished
from holdfast.ingest.report_builder import Tally


class Publishing:
    """Gathers files into groups and publishes them: one group in hand, one gathering, no more."""

    def __init__(
        self,
        backend: Backend,
        by: Attribution,
        tally: Tally,
        settle: Callable[[Published], None],
        vanished: Callable[[], Vanished],
        group_files: int,
    ) -> None:
        self._backend = backend
        self._by = by
        self._tally = tally
        self._settled = settle
        self._vanished = vanished
        self._group_files = group_files
        self._gathering = Group(group_files)
        self._in_hand: tuple[Task[Published], Group] | None = None
        self._thread = Helpers(1, "holdfast-publish")
        self._woken, self._wake = os.pipe()

    @property
    def room(self) -> bool:
        """Whether the group that is gathering takes more."""
        return not self._gathering.full

    @property
    def idle(self) -> bool:
        """Whether nothing is gathered and nothing in hand."""
        return self._in_hand is None and not self._gathering.members

    @property
    def signal(self) -> int:
        """A file descriptor that can be read from when a group is done."""
        return self._woken

    def add(self, member: Member) -> None:
        """Take the next file in order."""
        self._gathering.add(member)

    def advance(self, *, hurry: bool) -> None:
        """Settle the group in hand if it is done, and begin the next if it is due, or at once in a `hurry`.

        Raises what publishing raised.
        """
        if self._in_hand is not None and self._in_hand[0].done():
            self._settle()
        if self._in_hand is None and (self._gathering.due or (hurry and self._gathering.members)):
            self._begin()

    def remove(self, removals: Sequence[Removal]) -> None:
        """Publish removals, after all that was added."""
        self.finish()
        self._tally.publish((), groups.publish(self._backend, (), self._by, removals))

    def finish(self) -> None:
        """Publish all that is gathered, and wait for it."""
        while not self.idle:
            self.advance(hurry=True)
            if self._in_hand is not None:
                self._settle()

    def close(self) -> None:
        """Wait for the group in hand, and drop what is only gathered."""
        self._thread.close(wait=True)
        os.close(self._wake)
        os.close(self._woken)

    def _begin(self) -> None:
        group, self._gathering = self._gathering, Group(self._group_files)
        # In this thread's context: a lock that the add runs under counts in the publishing thread too.
        context = contextvars.copy_context()
        self._in_hand = self._thread.begin(lambda: context.run(self._publish, group.members), self._tell), group

    def _publish(self, members: Sequence[Member]) -> Published:
        # An add goes on for longer than upkeep: it gives way, or upkeep would begin again and again, and never end.
        with self._backend.appending.passed():
            return groups.publish(self._backend, members, self._by, (), self._vanished())

    def _tell(self) -> None:
        os.write(self._wake, b"!")

    def _settle(self) -> None:
        assert self._in_hand is not None
        (task, group), self._in_hand = self._in_hand, None
        done = task.result()
        os.read(self._woken, 1)
        self._settled(done)
        self._tally.publish(group.members, done)
