"""Commits of many branches as a drawing: a column for each line of commits, which end in forks and begin at merges."""

from collections.abc import Callable, Iterable, Iterator

from holdfast import Commit


def drawn(commits: Iterable[Commit], told: Callable[[Commit], str]) -> Iterator[str]:
    """Yield lines that draw commits, newest first, each with what is told of it."""
    #: the commit that each column comes to next
    columns: list[int] = []
    for commit in commits:
        while columns.count(commit.id) > 1:
            yield _joined(columns, commit.id)
        if commit.id not in columns:
            columns.append(commit.id)
        place = columns.index(commit.id)
        yield " ".join("*" if at == place else "|" for at in range(len(columns))) + f"  {told(commit)}"
        if commit.merged is not None:
            yield _parted(columns, place, commit.merged)
        if commit.parent is None:
            del columns[place]
        else:
            columns[place] = commit.parent


def _joined(columns: list[int], commit: int) -> str:
    """End the second column that comes to a commit in the first one; returns the line that says so."""
    first = columns.index(commit)
    second = columns.index(commit, first + 1)
    row = _row(len(columns))
    for at in range(second, len(columns)):
        # What stands further right moves up.
        row[2 * at - 1 : 2 * at + 1] = ["/", " "]
    _lead(row, first, second - 1)
    del columns[second]
    return "".join(row).rstrip()


def _parted(columns: list[int], place: int, merged: int) -> str:
    """Have a column come to the commit that was merged, a new one if none does; returns the line that says so."""
    if merged not in columns:
        columns.append(merged)
        row = _row(len(columns) - 1)
        row[-1] = "\\"
        _lead(row, place, len(columns) - 2)
        return "".join(row)
    other, row = columns.index(merged), _row(len(columns))
    if other > place:
        row[2 * other - 1] = "\\"
        _lead(row, place, other - 1)
    elif other < place:
        row[2 * place - 1] = "/"
        _lead(row, other, place - 1)
    return "".join(row).rstrip()


def _row(columns: int) -> list[str]:
    return list("| " * columns)


def _lead(row: list[str], first: int, last: int) -> None:
    """Draw from one column to another, below those between."""
    for at in range(first, last):
        row[2 * at + 1] = "_"
