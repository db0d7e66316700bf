"""Intents: what is being staged and by whom, from the first byte until the publish, or until whoever staged gave up.

An intent is somebody's for as long as its `Intention` is held. One that could not be ended (the disk was full, a signal
came in between) is nobody's from the moment its owner lets go of that: the next sweep of this process ends it.

The owner ends it here, in the SQL transaction of its publish (`finish`) or because nothing is published (`abandon`).
Whoever finds that an owner is dead ends it by `close`, once what it named is removed. Nobody else ends intents.
"""

import logging
import uuid
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary

from holdfast.backend import Backend
from holdfast.catalog import intents, pins
from holdfast.catalog.engine import Connection
from holdfast.catalog.intents import Intent
from holdfast.errors import Conflict, HoldfastError, ReadOnly, StorageFailed
from holdfast.faults import point
from holdfast.host import process
from holdfast.host.held import held

#: seconds that an intent of a process which cannot be seen from here is left alone after its last sign of life
INTENT_LEASE = 3600.0

#: stands for the newest pin in an intent that needs no version of a table
NO_PIN = 2**62

log: logging.Logger = logging.getLogger("holdfast.publish")

#: what this process is staging. Weak, so that it tells the truth whatever exception came at whatever instant.
at_work: "WeakValueDictionary[str, Intention]" = WeakValueDictionary()


@dataclass(frozen=True)
class Intention:
    """An intent that this process began; it counts as held for as long as this object is referred to."""

    intent_id: str
    backend: Backend
    #: seconds between two signs of life are a third of this
    ttl: float = INTENT_LEASE

    def renew(self) -> bool:
        """Write a sign of life; False when the intent was ended, or taken over."""
        with self.backend.engine.write(durable=False) as conn:
            return intents.renew(conn, self.intent_id, self.backend.clock.now() + self.ttl)


@dataclass(frozen=True)
class Pulse:
    """Renews the lease of an intent in the background, without counting as its holder."""

    intent_id: str
    ttl: float = INTENT_LEASE

    def renew(self) -> bool:
        """Renew the lease if somebody still holds the intent; False when it needs no renewing any more."""
        own = at_work.get(self.intent_id)
        return own is not None and own.renew()


def is_held(intent_id: str) -> bool:
    """Return whether somebody in this process is staging under an intent."""
    return intent_id in at_work


@held
def intending(
    backend: Backend,
    kind: str,
    actor: str,
    *,
    blobs: Iterable[str] = (),
    tables: Iterable[str] = (),
    commit: tuple[int, int] | None = None,
) -> Iterator[str]:
    """Hold an intent that names `blobs` and `tables`; yields its id, for the publish to end it.

    One that names a `commit`, as (branch, commit), is a reader's: gc leaves that alone, and versions of tables not.

    Left with an error, the intent is ended as swept: what was staged is litter from then on.
    """
    named: dict[str, Any] = {"blobs": list(blobs), "tables": list(tables)}
    if commit is not None:
        named |= {"commit": list(commit), "pin": NO_PIN}
    point("intent.before_begin")
    # Before the row is written: a sweep must never see it as nobody's.
    with _somebodys(backend) as intent_id:
        _begin(backend, intent_id, kind, actor, named)
        pulse = Pulse(intent_id)
        try:
            point("intent.after_begin")
            if backend.renewing is not None:
                backend.renewing.add(pulse)
            yield intent_id
        except BaseException:
            abandon(backend, intent_id)
            raise
        finally:
            if backend.renewing is not None:
                backend.renewing.remove(pulse)


@held
def _somebodys(backend: Backend) -> Iterator[str]:
    """Hold an intention in this frame alone, and yield its id: whoever keeps an exception keeps all of its frames."""
    own = Intention(uuid.uuid4().hex, backend)
    try:
        at_work[own.intent_id] = own
        yield own.intent_id
    finally:
        del own


@held
def keeping_versions(backend: Backend, kind: str) -> Iterator[None]:
    """Keep all versions of the search tables that are pinned meanwhile, for a reader that takes long.

    Where nothing can be written, they are not kept: who reads there has to look whether the pins have moved.
    """
    with ExitStack() as stack:
        with suppress(ReadOnly, StorageFailed):
            intent_id = stack.enter_context(intending(backend, kind, kind, tables=backend.tables.intended))
            stack.callback(abandon, backend, intent_id)
        yield


def _begin(backend: Backend, intent_id: str, kind: str, actor: str, named: dict[str, Any]) -> None:
    now = backend.clock.now()
    # Not durable: an intent guards against a process's death, and a power cut ends every process that could matter.
    with backend.engine.write(durable=False) as conn:
        # Whatever version its owner builds upon is this pin's, or one that comes later.
        named.setdefault("pin", pins.newest(conn))
        owner = process.current().to_json()
        new = intents.NewIntent(
            intent_id=intent_id,
            kind=kind,
            actor=actor,
            owner=owner,
            staged=named,
            started=now,
            lease_until=now + INTENT_LEASE,
        )
        intents.begin(conn, new)


def finish(conn: Connection, intent_id: str, at: float, *, published: bool) -> None:
    """End an intent in the SQL transaction of its publish; raises Conflict when it is its owner's no longer."""
    if not intents.finish(conn, intent_id, intents.COMMITTED if published else intents.SWEPT, at):
        raise Conflict(
            "What was staged has been swept, because its owner was taken for dead", remedy="Repeat the command"
        )


def abandon(backend: Backend, intent_id: str) -> None:
    """End an intent whose publication was given up; if that cannot be written, the next sweep of this process does."""
    try:
        point("intent.before_abandon")
        with backend.engine.write(durable=False) as conn:
            intents.finish(conn, intent_id, intents.SWEPT, backend.clock.now())
    except (HoldfastError, OSError) as error:
        log.warning("an intent could not be ended, and is left to the next sweep: %s", error)


def close(conn: Connection, intent: Intent, at: float, *, cause: str | None = None) -> bool:
    """End an intent that its owner will not end: as swept, or set aside for a `cause`; False when somebody else has."""
    if cause is not None:
        return intents.set_aside(conn, intent.intent_id, cause, at)
    return intents.end_swept(conn, intent.intent_id, intent.state, at)
