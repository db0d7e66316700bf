"""Bytes to text by the rule stated in the module."""

import pytest

from holdfast.ingest.conversion.decode import decode

TEXT = "Grüße, “quoted” 漢字\nnext line\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_what_is_marked_or_valid_is_read_without_a_warning(encoding: str) -> None:
    decoded = decode(TEXT.encode(encoding))
    assert (decoded.text, decoded.warnings) == (TEXT, ())


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_without_a_mark_shows_in_its_nul_bytes(encoding: str) -> None:
    assert decode("mostly plain words".encode(encoding)).text == "mostly plain words"


def test_what_is_no_utf8_is_windows_1252_with_a_warning() -> None:
    decoded = decode("Grüße – “quoted” €".encode("cp1252"))
    assert decoded.text == "Grüße – “quoted” €"
    assert "Windows-1252" in decoded.warnings[0]


def test_no_byte_is_refused() -> None:
    assert len(decode(bytes(range(1, 256))).text) == 255


def test_a_broken_place_in_utf8_does_not_spoil_the_rest() -> None:
    decoded = decode("Grüße und Füße".encode() + b" \xff end")
    assert decoded.text == "Grüße und Füße \ufffd end"
    assert "1 places" in decoded.warnings[0]


def test_line_ends_become_line_feeds_and_nul_is_replaced_with_a_warning() -> None:
    decoded = decode(b"a\r\nb\rc" + b" " * 9000 + b"\0")
    assert decoded.text.startswith("a\nb\nc ")
    assert decoded.text.endswith("\ufffd")
    assert decoded.warnings
