"""Who has a say in every publish of a store, and who is told of it."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from holdfast.catalog.branches import Branch
from holdfast.catalog.engine import Connection

log: logging.Logger = logging.getLogger("holdfast")

Listener = Callable[[], None]


class PublishGuard(Protocol):
    """Has a say in every publish, inside its SQL transaction; refuses by raising."""

    def fence(self, conn: Connection) -> None:
        """Check on whose behalf the publish comes, before anything else is looked at."""
        ...

    def admit(self, conn: Connection, branch: Branch, touched: Callable[[], Iterable[tuple[str, bool]]]) -> None:
        """Check what is about to change on a branch: paths, each with whether all below it is meant too."""
        ...


@dataclass(frozen=True)
class Hooks:
    """What a process has hung into the publishes of one store."""

    #: called before anything is staged for a publish
    before_publish: list[Listener] = field(default_factory=list)
    #: called after a publish, so that upkeep can see whether it is due
    after_publish: list[Listener] = field(default_factory=list)
    #: asked before a publish writes anything
    publish_guards: list[PublishGuard] = field(default_factory=list)

    def announce_beginning(self) -> None:
        """Tell whoever wants to know that something is about to be staged."""
        _call(self.before_publish)

    def announce_published(self) -> None:
        """Tell whoever wants to know that something was published."""
        _call(self.after_publish)


def _call(listeners: Iterable[Listener]) -> None:
    # What goes wrong in one is logged and stops nobody. What they are told of is done, or will be: a caller who heard
    # their errors would take it for failed.
    for listener in list(listeners):
        try:
            listener()
        except Exception:
            log.exception("a listener failed; what it was told of is not affected")
