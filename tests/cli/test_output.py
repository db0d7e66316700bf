"""How times, sizes and counts are written."""

import pytest

from holdfast.cli.output import ago, count, human_size, iso


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "just now"),
        (3, "just now"),
        (42, "42 seconds ago"),
        (60, "1 minute ago"),
        (7200, "2 hours ago"),
        (86_400 * 3, "3 days ago"),
        (86_400 * 70, "2 months ago"),
        (31_536_000 * 2, "2 years ago"),
    ],
)
def test_spans_of_time_are_in_words(seconds: float, words: str) -> None:
    assert ago(seconds) == words


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (150 * 1024, "150 KiB"),
        (5 << 20, "5.0 MiB"),
        (3 << 40, "3.0 TiB"),
    ],
)
def test_sizes_have_a_unit(size: int, words: str) -> None:
    assert human_size(size) == words


def test_counts_agree_with_their_noun() -> None:
    assert (count(1, "file"), count(2, "file"), count(0, "directory", "directories")) == (
        "1 file",
        "2 files",
        "0 directories",
    )


def test_times_are_iso_in_utc() -> None:
    assert iso(0.5) == "1970-01-01T00:00:00.500000Z"
    assert iso(0.5, "seconds") == "1970-01-01T00:00:00Z"
