"""Verify: is every promise kept? The oracle of the crash tests, and what a person runs when in doubt.

Each check asks one kind of question in SQL transactions of its own, so that damage in one place does not hide what is
wrong in another. Litter is no problem: it is noted.
"""

from collections.abc import Callable, Iterable

from holdfast.backend import Backend
from holdfast.errors import CorruptStore, HoldfastError
from holdfast.recovery.checks.catalog import check_commits, check_file, check_tree
from holdfast.recovery.checks.contents import check_bytes, check_counts, check_known
from holdfast.recovery.checks.graph import check_graph
from holdfast.recovery.checks.inspection import RESTORE, Inspection, VerifyReport
from holdfast.recovery.checks.litter import check_intents, check_orphans
from holdfast.recovery.checks.properties import check_properties
from holdfast.recovery.checks.search import check_places, check_tables

Check = Callable[[Inspection], None]

#: checks whose failure is a problem, with the kind it is reported as
CHECKS: tuple[tuple[str, Check], ...] = (
    ("catalog", check_file),
    ("catalog", check_commits),
    ("tree", check_tree),
    ("content", check_known),
    ("properties", check_properties),
    ("graph", check_graph),
    ("bytes", check_bytes),
    ("figures", check_counts),
    ("search", check_places),
    ("table", check_tables),
    ("intents", check_intents),
)


def verify(backend: Backend, *, deep: bool = False, also: Iterable[tuple[str, Check]] = ()) -> VerifyReport:
    """Check the store and report what is wrong with it; `deep` reads every byte of every commit.

    `also` are checks of other rooms, with the kind of problem each looks for. Damage is reported, never raised. Others
    may read and write meanwhile.
    """
    inspection = Inspection(backend, deep)
    for kind, check in (*CHECKS, *also):
        failed, remedy = _failure(check, inspection)
        # One damaged page fails many checks; it is said once.
        if failed and all(problem.what != failed for problem in inspection.problems):
            inspection.problem(kind, failed, remedy)
    # Litter can only be told from what is needed in a store that is whole.
    if not inspection.problems and (failed := _failure(check_orphans, inspection)[0]):
        inspection.notes.append(f"Litter was not looked for: {failed}")
    return inspection.report()


def _failure(check: Check, inspection: Inspection) -> tuple[str, str]:
    """Run a check and return why it could not go on, and what to do about it; empty when it could."""
    try:
        check(inspection)
    except CorruptStore as error:
        # What a check cannot even ask is damage of the catalog, which nothing else tells of.
        return error.message, RESTORE
    except HoldfastError as error:
        return error.message, error.remedy or RESTORE
    except Exception as error:  # noqa: BLE001 - an oracle that crashes on damage is no oracle
        return f"{type(error).__name__}: {error}", RESTORE
    return "", ""
