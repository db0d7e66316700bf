"""The runnable snippets of a page of documentation, and the session in which a page's snippets run.

A page is read as a person would type it, from top to bottom: its shell blocks are one shell, its Python blocks one
interpreter that stays in the folder where the page began. That folder holds `examples/` as the repository does.

    ```bash      every command must succeed
    ```console   `$ command` (`> ` goes on with it), then what it prints; `...` stands for anything. A command may fail
                 when what it prints begins with `holdfast: `
    ```python    runs without an error; if it has lines `print(...)  # text`, what it prints must be those texts

A block that cannot run has a line `<!-- not run: why -->` above it.
"""

import contextlib
import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: languages whose blocks run
RUN = ("bash", "console", "python")
#: seconds after which a command hangs
PATIENCE = 120

_NOT_RUN = re.compile(r"<!-- not run: \S.* -->")
_PRINTED = re.compile(r"\s*print\(.*\)  # (.+)")


@dataclass(frozen=True)
class Snippet:
    """One fenced block."""

    language: str
    text: str
    #: 1-based line of the page on which the text begins
    line: int
    #: whether a comment above it says why it cannot run
    excused: bool


def snippets(page: str) -> Iterator[Snippet]:
    """Yield the fenced blocks of a page, in order."""
    lines, above = page.splitlines(), ""
    number = 0
    while number < len(lines):
        fence = re.fullmatch(r"(\s*)```(\w*).*", lines[number])
        if fence is None:
            above = lines[number] or above
            number += 1
            continue
        end = next(n for n in range(number + 1, len(lines)) if lines[n].strip() == "```")
        body = [line.removeprefix(fence[1]) for line in lines[number + 1 : end]]
        yield Snippet(fence[2], "\n".join(body) + "\n", number + 2, bool(_NOT_RUN.fullmatch(above.strip())))
        above, number = "", end + 1


class Session:
    """Runs the snippets of one page in a scratch folder."""

    def __init__(self, page: str, folder: Path) -> None:
        self._page = page
        self._folder = folder
        self._shell_folder = folder
        self._names: dict[str, Any] = {"__name__": "__main__"}
        clean = {name: value for name, value in os.environ.items() if not name.startswith("HOLDFAST_")}
        tools = f"{Path(sys.executable).parent}{os.pathsep}{clean.get('PATH', '')}"
        self._environment = clean | {"PATH": tools, "HOME": str(folder), "TERM": "dumb", "COLUMNS": "100"}

    def run(self, snippet: Snippet) -> None:
        """Run one snippet; raises AssertionError that names its place when it does not do what the page says."""
        if snippet.language == "python":
            self._run_python(snippet)
        elif snippet.language == "bash":
            self._shell(snippet, "set -e\n" + snippet.text, None)
        else:
            for command, printed in _commands(snippet.text):
                self._shell(snippet, command, printed)

    def _run_python(self, snippet: Snippet) -> None:
        wanted = [match[1] for line in snippet.text.splitlines() if (match := _PRINTED.fullmatch(line))]
        printed = io.StringIO()
        with contextlib.chdir(self._folder), contextlib.redirect_stdout(printed):
            # The page's own text, at its own line, so that a traceback points into it.
            code = compile("\n" * (snippet.line - 1) + snippet.text, self._page, "exec")
            exec(code, self._names)  # noqa: S102
        if wanted:
            assert _says(printed.getvalue(), "\n".join(wanted)), self._differs(snippet, printed.getvalue())

    def _shell(self, snippet: Snippet, command: str, printed: str | None) -> None:
        place = self._folder / ".place"
        script = f"trap 'pwd > {place}' EXIT\n{command}"
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self._shell_folder,
            env=self._environment,
            timeout=PATIENCE,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self._shell_folder = Path(place.read_text().strip())
        may_fail = printed is not None and printed.startswith("holdfast: ")
        assert (done.returncode != 0) == may_fail, self._differs(snippet, f"{command}\n{done.stdout}")
        if printed is not None:
            assert _says(done.stdout, printed), self._differs(snippet, f"{command}\n{done.stdout}")

    def _differs(self, snippet: Snippet, found: str) -> str:
        return f"{self._page}:{snippet.line} is not what happens, which is\n{found}"


def _commands(text: str) -> Iterator[tuple[str, str]]:
    """Yield (command, what it prints) of a console block."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        lines = part.splitlines()
        more = 1
        while more < len(lines) and lines[more].startswith("> "):
            more += 1
        yield "\n".join([lines[0], *(line[2:] for line in lines[1:more])]), "\n".join(lines[more:])


def _says(found: str, wanted: str) -> bool:
    """Return whether `found` is `wanted`, in which `...` stands for anything."""
    pattern = ".*".join(re.escape(part) for part in _trimmed(wanted).split("..."))
    return re.fullmatch(pattern, _trimmed(found), re.DOTALL) is not None


def _trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip("\n").splitlines()).rstrip()
