"""Who a process is, and whether it has ended."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from holdfast.host import process
from holdfast.host.process import Identity
from tests.support.processes import Child

SAY_WHO = """
from holdfast.host import process
say(process.current().to_json())
hear()
"""


def test_this_process_lives() -> None:
    assert process.is_dead(process.current()) is False


def test_an_identity_survives_being_written_down() -> None:
    assert Identity.from_json(process.current().to_json()) == process.current()


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", "3", '{"host": "h", "boot": "b", "pid": "x", "started": "1"}']
)
def test_what_is_no_identity_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - json's own errors are of this kind too
        Identity.from_json(text)


def test_a_killed_process_is_known_to_be_dead(child: Callable[..., Child]) -> None:
    other = child(SAY_WHO)
    who = Identity.from_json(other.hear())
    assert process.is_dead(who) is False
    other.process.kill()
    # Dead from the moment it is a zombie, before anybody has asked for its status.
    other.process.stdout.read()  # type: ignore[union-attr]
    while process.is_dead(who) is False:
        pass
    other.process.wait()
    assert process.is_dead(who) is True


def test_another_process_under_the_same_pid_is_not_taken_for_the_first() -> None:
    assert process.is_dead(replace(process.current(), started="1")) is True


def test_whoever_lived_before_the_machine_started_again_is_dead() -> None:
    assert process.is_dead(replace(process.current(), boot="another")) is True


def test_of_another_host_nothing_is_known() -> None:
    assert process.is_dead(replace(process.current(), host="elsewhere")) is None


def test_another_users_process_that_may_not_be_seen_is_not_taken_for_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    def hidden(path: Path) -> str:
        raise FileNotFoundError(path)

    def not_yours(pid: int, number: int) -> None:
        raise PermissionError(pid)

    other = replace(process.current(), pid=os.getpid() + 1, started="7")
    monkeypatch.setattr(Path, "read_text", hidden)
    monkeypatch.setattr(os, "kill", not_yours)
    assert process.is_dead(other) is None


def test_a_process_that_the_system_refuses_to_show_is_not_taken_for_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path) -> str:
        raise PermissionError(path)

    monkeypatch.setattr(Path, "read_text", refused)
    assert process.is_dead(replace(process.current(), pid=1, started="7")) is None
