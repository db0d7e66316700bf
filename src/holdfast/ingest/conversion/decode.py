"""Bytes to text by one stated rule, without guessing at languages.

1. A byte order mark decides: UTF-8, UTF-16 or UTF-32.
2. No mark, but NUL bytes on only the even or only the odd places: UTF-16 of that byte order.
3. What is valid UTF-8 is UTF-8.
4. What is mostly UTF-8 (more well-formed non-ASCII characters than broken ones) is UTF-8 with the broken bytes replaced
   by U+FFFD, and a warning.
5. All else is Windows-1252, of which Latin-1 text is a part, with a warning. No byte is refused.

Line ends become line feeds; NUL characters, which no database text can hold, become U+FFFD.
"""

import codecs
from dataclasses import dataclass

# UTF-32's little-endian mark begins with UTF-16's: the longer one must be asked first.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

#: share of one half's bytes that must be NUL, and that the other half's must stay below, to be UTF-16 without a mark
_NUL_SHARE = 0.3
_OTHER_SHARE = 0.05

#: what Windows-1252 makes of the 32 places that Latin-1 leaves to control characters; five of them it leaves as well
_WINDOWS_1252 = {
    byte: bytes([byte]).decode("cp1252") for byte in range(0x80, 0xA0) if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}


@dataclass(frozen=True)
class Decoded:
    """Text, and what had to be guessed to get it."""

    text: str
    encoding: str
    warnings: tuple[str, ...] = ()


def decode(data: bytes) -> Decoded:
    """Return `data` as text by the rule of this module; never fails."""
    encoding = marked_encoding(data) or unmarked_utf16(data[:8192])
    decoded = _lenient(data, encoding) if encoding else _unmarked(data)
    text = decoded.text.replace("\r\n", "\n").replace("\r", "\n")
    if "\0" not in text:
        return Decoded(text, decoded.encoding, decoded.warnings)
    return Decoded(
        text.replace("\0", "\ufffd"), decoded.encoding, (*decoded.warnings, "NUL characters were replaced by U+FFFD")
    )


def marked_encoding(data: bytes) -> str | None:
    """Return the encoding that a byte order mark names, or None."""
    return next((encoding for mark, encoding in _MARKS if data.startswith(mark)), None)


def unmarked_utf16(head: bytes) -> str | None:
    """Return the UTF-16 whose NUL bytes show in `head`, or None."""
    pairs = len(head) // 2
    if pairs < 2:
        return None
    even, odd = head[0 : pairs * 2 : 2].count(0) / pairs, head[1 : pairs * 2 : 2].count(0) / pairs
    if odd >= _NUL_SHARE and even <= _OTHER_SHARE:
        return "utf-16-le"
    return "utf-16-be" if even >= _NUL_SHARE and odd <= _OTHER_SHARE else None


def _lenient(data: bytes, encoding: str) -> Decoded:
    try:
        return Decoded(data.decode(encoding), encoding)
    except UnicodeDecodeError as error:
        warning = f"not valid {encoding} at byte {error.start}: what is broken was replaced by U+FFFD"
        return Decoded(data.decode(encoding, "replace"), encoding, (warning,))


def _unmarked(data: bytes) -> Decoded:
    try:
        return Decoded(data.decode("utf-8"), "utf-8")
    except UnicodeDecodeError as error:
        first = error.start
    replaced = data.decode("utf-8", "replace")
    broken = replaced.count("\ufffd")
    sound = len(replaced) - len(replaced.encode("ascii", "ignore")) - broken
    if sound > broken:
        return Decoded(replaced, "utf-8", (f"not valid UTF-8 at byte {first}: {broken} places replaced by U+FFFD",))
    return Decoded(
        data.decode("latin-1").translate(_WINDOWS_1252),
        "windows-1252",
        (f"not valid UTF-8 at byte {first}: read as Windows-1252",),
    )
