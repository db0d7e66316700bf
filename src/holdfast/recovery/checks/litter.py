"""Notes on litter and on intents: nothing is wrong with either, and somebody may want to know."""

from holdfast.catalog import intents
from holdfast.recovery import litter
from holdfast.recovery.checks.inspection import Inspection
from holdfast.recovery.checks.search import tables
from holdfast.recovery.gc import orphans
from holdfast.recovery.owners import is_gone


def check_intents(inspection: Inspection) -> None:
    """Note intents of dead owners, and those that were set aside."""
    backend = inspection.backend
    with backend.engine.read() as conn:
        active = intents.in_state(conn, intents.ACTIVE)
        aside = intents.in_state(conn, intents.SET_ASIDE)
    for intent in active:
        try:
            gone = is_gone(intent, backend.clock.now())
        except ValueError:
            gone = True
        if gone:
            inspection.notes.append(f"The {intent.kind} {intent.intent_id} of a dead owner waits for the sweep")
    for intent in aside:
        inspection.notes.append(f"The {intent.kind} {intent.intent_id} was set aside: {intent.error}")
    inspection.checked["intents"] += len(active) + len(aside)


def check_orphans(inspection: Inspection) -> None:
    """Note blobs that no content refers to, and files that no version of a table does."""
    blobs = sum(len(batch) for batch in orphans(inspection.backend))
    if blobs:
        inspection.notes.append(f"{blobs} blobs belong to nothing; `holdfast gc` removes them")
    for table, _ in tables(inspection.backend):
        found = litter.litter_of(inspection.backend, table)
        if found.files:
            inspection.notes.append(
                f"{len(found.files)} files of {table.name} are not needed; `holdfast gc` removes them"
            )
