"""Results that arrive in any order, let out in scan order."""

from collections import deque
from collections.abc import Iterator

from holdfast.ingest.items import Item, Outcome, Prepared

#: files under way from the prefilter to the publish: one slow file must not let the others pile up behind it
WINDOW_FILES = 1024
#: bytes of prepared files waiting for a slower one before them
WINDOW_BYTES = 128 * 1024 * 1024


class InOrder:
    """A bounded buffer that holds back what is ready until all before it is."""

    def __init__(self) -> None:
        self._expected: deque[Item] = deque()
        self._arrived: dict[int, Outcome] = {}
        self._weight = 0

    @property
    def room(self) -> bool:
        """Whether one more file may be expected."""
        return len(self._expected) < WINDOW_FILES and self._weight < WINDOW_BYTES

    @property
    def empty(self) -> bool:
        """Whether nothing is expected any more."""
        return not self._expected

    def expect(self, item: Item) -> None:
        """Note that `item` comes next in order."""
        self._expected.append(item)

    def arrive(self, item: Item, outcome: Outcome) -> None:
        """Take what became of an expected item; a failure holds its place too."""
        self._arrived[item.order] = outcome
        self._weight += _weight(outcome)

    def release(self) -> Iterator[tuple[Item, Outcome]]:
        """Yield what is ready and has nothing unfinished before it; what is not taken stays."""
        while self._expected and self._expected[0].order in self._arrived:
            item = self._expected.popleft()
            outcome = self._arrived.pop(item.order)
            self._weight -= _weight(outcome)
            yield item, outcome


def _weight(outcome: Outcome) -> int:
    return outcome.weight if isinstance(outcome, Prepared) else 0
