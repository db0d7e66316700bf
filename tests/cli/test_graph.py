"""The drawing of commits."""

from datetime import UTC, datetime

import pytest

from holdfast import Commit
from holdfast.cli.history.graph import drawn

#: commit, parent, what it merged
History = list[tuple[int, int | None, int | None]]

STRAIGHT: History = [(2, 1, None), (1, None, None)]
FORK: History = [(4, 2, None), (3, 2, None), (2, 1, None), (1, None, None)]
MERGE: History = [(5, 4, 3), (4, 2, None), (3, 2, None), (2, None, None)]
MERGE_OF_WHAT_GOES_ON: History = [(6, 3, None), (5, 4, 3), (4, 2, None), (3, 2, None), (2, None, None)]
THREE: History = [(6, 2, None), (5, 3, None), (4, 2, None), (3, 2, None), (2, None, None)]
MERGE_OF_MAIN: History = [(5, 3, None), (4, 2, 3), (3, 1, None), (2, 1, None), (1, None, None)]


@pytest.mark.parametrize(
    ("history", "lines"),
    [
        (STRAIGHT, ["*  2", "*  1"]),
        (FORK, ["*  4", "| *  3", "|/", "*  2", "*  1"]),
        (MERGE, ["*  5", "|\\", "* |  4", "| *  3", "|/", "*  2"]),
        (MERGE_OF_WHAT_GOES_ON, ["*  6", "| *  5", "|/|", "| *  4", "* |  3", "|/", "*  2"]),
        (THREE, ["*  6", "| *  5", "| | *  4", "| * |  3", "|/ /", "|/", "*  2"]),
        (MERGE_OF_MAIN, ["*  5", "| *  4", "|/|", "* |  3", "| *  2", "|/", "*  1"]),
    ],
)
def test_columns_end_in_forks_and_begin_at_merges(history: History, lines: list[str]) -> None:
    commits = [
        Commit(seq, 1, parent, merged, datetime.fromtimestamp(0, UTC), "user", "", None, 1)
        for seq, parent, merged in history
    ]
    assert list(drawn(commits, lambda commit: str(commit.id))) == lines
