"""What others wrote is shown on a terminal, and never obeyed by it."""

import io
import re
import sys

import pytest

from holdfast.cli import main
from holdfast.cli.output import harmless
from holdfast.front.store import Store
from holdfast.sessions.memory import Memory
from holdfast.testing.seams import rooms

#: renames the window, goes up a line and wipes it
EVIL = "\x1b]0;evil\x07\x1b[1A\x1b[2K"


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def hostile(store: Store) -> Store:
    """Return a store in which everything that people and programs name has a name for the terminal."""
    store.write("/page.md", f"# Title {EVIL}\n\nText {EVIL}", message=f"Write {EVIL}")
    store.write(
        "/memories/cases/one.md", Memory(kind="cases", title=f"Case {EVIL}", content=f"Content {EVIL}").to_markdown()
    )
    store.write("/large.bin", bytes(100_000))
    store.session("chat").append("user", f"Said {EVIL}")
    job = store.jobs.enqueue("nobody", {"about": EVIL})
    with rooms(store).engine.write() as conn:
        conn.run("UPDATE jobs SET state = 'failed', error = :error WHERE job_id = :id", {"error": EVIL, "id": job})
        conn.run("UPDATE intents SET actor = :actor", {"actor": EVIL})
    return store


@pytest.mark.parametrize(
    "line",
    [
        "locks list",
        "jobs list",
        "jobs show 1",
        "status",
        "journal --all",
        "memory list",
        "memory show /memories/cases/one.md",
        "session show chat",
        "session context chat",
        "log",
        "show 2",
        "cat /page.md",
        "abstract /page.md",
        "search text",
        "grep Text",
        "diff 1 --patch",
        f"cat /{EVIL}",
    ],
)
@pytest.mark.parametrize("colour", [True, False])
def test_control_characters_are_spelt_out(
    hostile: Store, line: str, colour: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = _Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("NO_COLOR" if not colour else "CLICOLOR", "1")
    with hostile.lock("/page.md", purpose=EVIL):
        main(line.split())
    shown = re.sub(r"\x1b\[[0-9;]+m", "", terminal.getvalue()) if colour else terminal.getvalue()
    assert "\\x1b" in shown
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", shown)


def test_lines_and_tabs_stay_and_only_our_own_styles_do() -> None:
    assert harmless("a\tb\r\nc\rd") == "a\tb\r\nc\\x0dd"
    assert harmless("\x1b[1;31mred\x1b[0m \x1b[8mhidden", styles=True) == "\x1b[1;31mred\x1b[0m \\x1b[8mhidden"
    assert harmless("\x1b[31mred") == "\\x1b[31mred"
