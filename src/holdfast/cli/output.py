"""Where answers go: one JSON document, or lines for people, with colours and relative times on a terminal."""

import json
import os
import re
import shutil
import sys
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, BinaryIO

#: exit status after Ctrl-C: 128 and the signal's number, as shells have it
INTERRUPTED = 130
#: exit status when some items of a batch failed
SOME_FAILED = 5

#: ANSI codes by the names used here
_STYLES = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "magenta": "35",
    "cyan": "36",
}

_SPANS = ((31_536_000, "year"), (2_592_000, "month"), (86_400, "day"), (3_600, "hour"), (60, "minute"))

#: control characters but the tab
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")
#: what `paint` writes, and control characters that are neither a tab nor the end of a line
_STYLE_OR_CONTROL = re.compile(
    r"\x1b\[(?:[0-2]|3[1-6])(?:;(?:[0-2]|3[1-6]))*m|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]|\r(?!\n)"
)


class Output:
    """Standard output, as a terminal or as a pipe."""

    def __init__(self, json: bool) -> None:
        self.json = json
        #: whether a person looks at it
        self.terminal: bool = not json and sys.stdout.isatty()
        #: columns to write in
        self.width: int = min(shutil.get_terminal_size((100, 24)).columns, 120) if self.terminal else 100
        self.colour: bool = self.terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    @property
    def bytes(self) -> BinaryIO:
        """Standard output for bytes; what was printed before is flushed."""
        sys.stdout.flush()
        return sys.stdout.buffer

    def lines(self, lines: Iterable[str]) -> None:
        """Print lines as they come; on a terminal with their control characters spelt out."""
        for line in lines:
            self.text((harmless(line, styles=self.colour) if self.terminal else line) + "\n")

    def flush(self) -> None:
        """Let whoever reads at the other end of a pipe have what was printed."""
        sys.stdout.flush()

    def text(self, text: str) -> None:
        """Print text as it is; a character that the terminal's encoding lacks is escaped."""
        try:
            sys.stdout.write(text)
        except UnicodeEncodeError:
            encoding = sys.stdout.encoding
            sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))

    def document(self, document: dict[str, Any]) -> None:
        """Print one JSON document, in UTF-8 whatever the terminal's encoding."""
        self.bytes.write(_encoded(document, 2 if sys.stdout.isatty() else None) + b"\n")

    def json_line(self, document: dict[str, Any]) -> None:
        """Print one JSON document of many on a line of its own, and let whoever reads have it."""
        self.bytes.write(_encoded(document, None) + b"\n")
        self.flush()

    def paint(self, text: str, *styles: str) -> str:
        """Return `text` in a style, on a terminal that shows colours."""
        if not self.colour or not text:
            return text
        return f"\x1b[{';'.join(_STYLES[style] for style in styles)}m{text}\x1b[0m"

    def patch_line(self, line: str) -> str:
        """Return a line of a patch, indented, in the colour of what it says."""
        colour = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])
        return "    " + (self.paint(line, colour) if colour else line)

    def time(self, at: float | datetime, now: float) -> str:
        """Return a time (or seconds since the epoch): relative to `now` on a terminal, else in ISO 8601."""
        seconds = at.timestamp() if isinstance(at, datetime) else at
        return ago(now - seconds) if self.terminal else iso(at, "seconds")

    def size(self, size: int) -> str:
        """Return a size in bytes: rounded with its unit on a terminal, else all its digits."""
        return human_size(size) if self.terminal else str(size)

    def note(self, text: str) -> None:
        """Tell people something that is not part of the answer, on standard error, after what was printed so far."""
        self.flush()
        print(harmless(text) if sys.stderr.isatty() else text, file=sys.stderr)  # noqa: T201


def _encoded(document: dict[str, Any], indent: int | None) -> bytes:
    try:
        return json.dumps(document, ensure_ascii=False, indent=indent).encode()
    except UnicodeEncodeError:
        # A file name that is no valid UTF-8 has half characters; as \u escapes they are valid JSON.
        return json.dumps(document, indent=indent).encode()


def visible(text: str) -> str:
    """Return `text` with control characters spelt out: what others wrote must not move the cursor of who reads it."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found.group()):02x}", text)


def harmless(text: str, *, styles: bool = False) -> str:
    """Return text of any number of lines with control characters spelt out; `styles` leaves what `paint` wrote."""

    def spelt(found: re.Match[str]) -> str:
        return found.group() if styles and len(found.group()) > 1 else visible(found.group())

    return _STYLE_OR_CONTROL.sub(spelt, text)


def iso(at: float | datetime, precision: str = "microseconds") -> str:
    """Return a time (or seconds since the epoch) in ISO 8601, in UTC."""
    time = at.astimezone(UTC) if isinstance(at, datetime) else datetime.fromtimestamp(at, UTC)
    return time.isoformat(timespec=precision).replace("+00:00", "Z")


def ago(seconds: float) -> str:
    """Return a span of time in the words people use."""
    if seconds < 10:
        return "just now"
    for length, name in _SPANS:
        count = int(seconds // length)
        if count:
            return f"{count} {name}{'s' if count > 1 else ''} ago"
    return f"{int(seconds)} seconds ago"


def human_size(size: float) -> str:
    """Return a number of bytes with a binary unit, to three digits."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 100 else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"


def count(number: int, noun: str, plural: str = "") -> str:
    """Return `number` with its noun: 1 file, 2 files, 2 directories."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def plain(value: Any) -> Any:
    """Return a value as JSON has it."""
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):
        return iso(value)
    return value.isoformat() if isinstance(value, date) else value
