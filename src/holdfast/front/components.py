"""What a store is made of that a test replaces: the clock, the limits, upkeep in the background, and faults."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field

from holdfast.arguments import checks_arguments
from holdfast.bootstrap import FOLD_LEAST, FOLD_MOST
from holdfast.errors import InvalidConfig
from holdfast.faults import observing
from holdfast.host.clock import Clock, SystemClock


@checks_arguments
@dataclass(frozen=True)
class Limits:
    """Bounds that a test makes small, so that what takes thousands of files happens with three."""

    #: tail rows at which a fold is due, from 1 to 4096; None is as `holdfast.toml` says
    fold_rows: int | None = None
    #: files that one commit of an add holds at most
    group_files: int = 500

    def __post_init__(self) -> None:
        if self.fold_rows is not None and not FOLD_LEAST <= self.fold_rows <= FOLD_MOST:
            reason = f"fold_rows is {self.fold_rows}, not between {FOLD_LEAST} and {FOLD_MOST}"
            raise InvalidConfig(reason, path="fold_rows", remedy=f"Give Limits a number from {FOLD_LEAST} on, or None")
        if self.group_files < 1:
            reason = f"group_files is {self.group_files}: a commit of an add holds a file at least"
            raise InvalidConfig(reason, path="group_files", remedy="Give Limits 1 or more, or leave it out")


@checks_arguments
@dataclass(frozen=True)
class Components:
    """The parts that `open` and `create` would choose by themselves: give others to test against a store.

    Nothing of it is stored: the next `open` chooses anew.
    """

    #: what is asked for the time; `holdfast.testing.ManualClock` moves only when told to
    clock: Clock = field(default_factory=SystemClock)
    limits: Limits = Limits()
    #: whether upkeep runs after commits and at the close; without it, only `maintenance.optimize` folds and indexes
    upkeep: bool = True
    #: called with the name of each fault point that this process passes while the store is open: what it raises, the
    #: operation meets there (`python -m holdfast.faults` lists them). None watches nothing
    faults: Callable[[str], object] | None = None


#: what a store is made of unless told
STANDARD = Components()


def watching(components: Components) -> ExitStack:
    """Return a stack that watches fault points as `components` says, until it is closed."""
    stack = ExitStack()
    if components.faults is not None:
        stack.enter_context(observing(components.faults))
    return stack
