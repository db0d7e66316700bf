"""locks list, locks break."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import holdfast
from holdfast.front.store import Store
from tests.support.command_line import Run


@pytest.fixture
def holder(folder: Path) -> Iterator[Store]:
    """Return the store as somebody else has it open, by the machine's clock."""
    with holdfast.open(folder, actor="agent:7") as opened:
        yield opened


def test_who_holds_what_is_listed(run: Run, holder: Store) -> None:
    with holder.lock("/notes", mode="subtree", purpose="thinking") as lock:
        ran = run("locks", "list")
    for word in ("held", "subtree", "/notes", f"#{lock.token}", "agent:7", "thinking"):
        assert word in ran.lines[0]
    assert "1 path held, 0 waiting, 0 stale" in ran.err


def test_locks_are_listed_for_programs_with_what_is_counted(run: Run, holder: Store) -> None:
    with holder.lock(["/notes", "/other"]) as lock:
        found = run("locks", "list", "notes", "--json").json
    assert [(each["path"], each["token"], each["state"]) for each in found["locks"]] == [
        ("/notes", lock.tokens[0], "held")
    ]
    assert found["waiting"] == []
    assert found["counts"]["held"] == 2
    assert found["counts"]["healthy"] is True


def test_a_write_to_a_locked_path_names_the_holder_and_fails_as_a_conflict(run: Run, holder: Store) -> None:
    with holder.lock("/notes", mode="subtree"):
        ran = run("write", "/notes/a.md", "--text", "mine")
    assert ran.status == 3
    assert "agent:7" in ran.err


def test_a_living_lock_is_broken_by_force_only(run: Run, holder: Store) -> None:
    with holder.lock("/notes") as lock:
        refused = run("locks", "break", "notes")
        assert (refused.status, lock.held) == (3, True)
        assert run("locks", "break", "notes", "--force", "--token", lock.token + 1).status == 4
        broken = run("locks", "break", "notes", "--force", "--json").json["broken"]
        assert ([each["token"] for each in broken], lock.held) == ([lock.token], False)
    assert run("write", "/notes", "--text", "mine").status == 0
