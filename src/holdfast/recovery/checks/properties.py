"""Checks of properties: that those of every entry are there, are what their names say, and are found by filters."""

from holdfast.catalog.checking import property_checks
from holdfast.recovery.checks.inspection import LISTED, REPAIR, RESTORE, Inspection, path_of
from holdfast.tree.properties.checking import stored_set

#: properties looked at in one SQL transaction
PAGE = 500


def check_properties(inspection: Inspection) -> None:
    """Check that the properties of every entry are known, and (deep) that each are what they were when given."""
    with inspection.backend.engine.read() as conn:
        lost = property_checks.entries_without_properties(conn, history=inspection.deep, limit=LISTED + 1)
        for path in path_of(conn, lost):
            inspection.problem("properties", f"{path} has properties that the catalog does not have", RESTORE)
        for each in property_checks.passed_over(conn, LISTED + 1):
            inspection.problem("properties", f"Filters pass over the properties {each}, which stand", REPAIR)
        for each in property_checks.of_no_properties(conn, LISTED + 1):
            inspection.problem("properties", f"Filters find properties {each}, which are not there", REPAIR)
    if inspection.deep:
        _check_each(inspection)


def _check_each(inspection: Inspection) -> None:
    last = ""
    while True:
        with inspection.backend.engine.read() as conn:
            page = property_checks.page_after(conn, last, PAGE)
        for each, (text, values) in page.items():
            known = stored_set(text)
            if known is None or known.properties_id != each:
                inspection.problem("properties", f"The properties {each} are damaged", RESTORE)
            elif known.values != values:
                inspection.problem("properties", f"Filters find the properties {each} by what they do not have", REPAIR)
            last = each
        inspection.checked["properties"] += len(page)
        if not page:
            return
