"""docs/format.md names for each rule the check that holds it, and every check holds a rule."""

import re
from pathlib import Path

from holdfast.recovery import verify
from holdfast.recovery.checks.litter import check_orphans
from holdfast.sessions import checking

PAGE = (Path(__file__).parent.parent / "docs/format.md").read_text("utf-8")
CHECKS = {check.__name__ for _, check in (*verify.CHECKS, *checking.CHECKS)} | {check_orphans.__name__}
#: what holds a rule otherwise; a dash says that nothing does
OTHERWISE = {"-", "at open", "a unique index"}


def rules() -> list[tuple[str, str, str]]:
    tables = re.findall(r"^\| rule \| \| check \|\n\|.*\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    return [row for table in tables for row in re.findall(r"^\| (.*) \| (.*) \| (.*) \|$", table, re.MULTILINE)]


def test_every_rule_names_a_check_that_is_there() -> None:
    assert len(rules()) > 25
    assert {how for _, how, _ in rules()} == {"must", "should"}
    assert not [held for _, _, held in rules() if held not in OTHERWISE and not re.search(r"`check_\w+`", held)]
    assert {*re.findall(r"`(check_\w+)`", PAGE)} <= CHECKS


def test_every_check_holds_a_rule() -> None:
    assert not {check for check in CHECKS if f"`{check}`" not in PAGE}
