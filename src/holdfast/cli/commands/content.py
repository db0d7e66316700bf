"""Reading what files hold: cat and grep, and what it is about: abstract and overview."""

import base64
import re
from typing import Annotated, Any

import typer

from holdfast import GrepMatch, Snapshot, Summary
from holdfast.cli import shapes, work_shapes
from holdfast.cli.call import Call, command
from holdfast.cli.filters import WhereOption, where_of
from holdfast.cli.options import AtOption, LimitOption, PathArgument, PathsArgument, store_path
from holdfast.cli.output import Output, visible

app: typer.Typer = typer.Typer()

StoredOption = Annotated[
    bool, typer.Option("--stored", help="Only what was made before, with the commit it describes; make nothing.")
]

#: exit status of a grep that found nothing, as Unix has it
NOTHING_FOUND = 1


@command(app)
def cat(
    call: Call,
    paths: PathsArgument,
    raw: Annotated[bool, typer.Option("--raw", help="The bytes as they were stored, not their Markdown.")] = False,
    lines: Annotated[
        str | None, typer.Option("--lines", metavar="A:B", help="Only these lines of the Markdown, counted from 1.")
    ] = None,
    at: AtOption = None,
) -> None:
    """Print files as Markdown. That is what search and agents read; --raw prints the bytes."""
    if lines is not None and raw:
        raise typer.BadParameter("--lines does not go with --raw")
    snapshot, wanted = call.at(at), None if lines is None else _line_range(lines)
    chosen = [store_path(path) for path in paths]
    if call.json:
        call.out.document({"files": [_file_shape(snapshot, path, raw, wanted) for path in chosen]})
    elif raw:
        for path in chosen:
            _copy_bytes(call.out, snapshot, path)
    else:
        for path in chosen:
            text = snapshot.read_text(path, lines=wanted)
            # On a terminal the prompt would stick to a last line that has no end; in a pipe the text stays as it is.
            if call.out.terminal:
                call.out.lines([text.removesuffix("\n")])
            else:
                call.out.text(text)


@command(app)
def grep(
    call: Call,
    pattern: Annotated[str, typer.Argument(metavar="PATTERN", help="A regular expression, as Python's re has them.")],
    path: PathArgument = "/",
    ignore_case: Annotated[bool, typer.Option("-i", "--ignore-case", help="Letters match in either case.")] = False,
    fixed: Annotated[bool, typer.Option("-F", "--fixed", help="PATTERN is plain text, no expression.")] = False,
    files_only: Annotated[bool, typer.Option("-l", "--files", help="Only the paths that have a match.")] = False,
    where: WhereOption = [],  # noqa: B006 - Typer wants a list
    limit: LimitOption = None,
    after: Annotated[
        str | None, typer.Option("--after", metavar="PATH:LINE", help="Only what comes after this match.")
    ] = None,
    at: AtOption = None,
) -> int | None:
    """Print the lines that match a regular expression.

    They are lines of the Markdown of the files at or below PATH. The exit status is 1 when nothing matches.
    """
    expression = re.escape(pattern) if fixed else pattern
    matches = call.at(at).grep(
        expression,
        store_path(path),
        ignore_case=ignore_case,
        where=where_of(where),
        limit=limit,
        after=_match_at(after),
    )
    if files_only:
        return _answer_paths(call, list(dict.fromkeys(match.path for match in matches)))
    if call.json:
        found = [shapes.match(match) for match in matches]
        call.out.document({"matches": found})
        return None if found else NOTHING_FOUND
    shown = 0
    for shown, match in enumerate(matches, start=1):  # noqa: B007 - `shown` is what the loop is for
        call.out.text(_match_line(call.out, match) + "\n")
    return None if shown else NOTHING_FOUND


@command(app)
def abstract(call: Call, path: PathArgument, stored: StoredOption = False) -> None:
    """Say in a sentence what a document or directory is about."""
    _tell(call, call.store.summaries.abstract(store_path(path), derive=not stored))


@command(app)
def overview(call: Call, path: PathArgument, stored: StoredOption = False) -> None:
    """Say on about a page what a document or directory is about."""
    _tell(call, call.store.summaries.overview(store_path(path), derive=not stored))


def _match_at(typed: str | None) -> GrepMatch | None:
    if typed is None:
        return None
    path, colon, line = typed.rpartition(":")
    if not colon or not line.isdecimal():
        raise typer.BadParameter(f"{typed!r} is no match; write it as in /notes/a.md:12")
    return GrepMatch(store_path(path), int(line), "")


def _line_range(typed: str) -> tuple[int, int]:
    first, colon, last = typed.partition(":")
    if not first.isdecimal() or (colon and not last.isdecimal()):
        raise typer.BadParameter(f"{typed!r} is no range of lines; write it as in 1:20")
    return int(first), int(last or first)


def _file_shape(snapshot: Snapshot, path: str, raw: bool, lines: tuple[int, int] | None) -> dict[str, Any]:
    info = snapshot.stat(path)
    if raw:
        held = {"base64": base64.b64encode(snapshot.read(path)).decode()}
    else:
        held = {"text": snapshot.read_text(path, lines=lines)}
    return {"path": info.path, "size": info.size, "commit": info.commit, **held}


def _copy_bytes(out: Output, snapshot: Snapshot, path: str) -> None:
    for piece in snapshot.stream(path):
        out.bytes.write(piece)


def _answer_paths(call: Call, found: list[str]) -> int | None:
    call.done({"paths": found}, found)
    return None if found else NOTHING_FOUND


def _match_line(out: Output, match: GrepMatch) -> str:
    pieces, end = [], 0
    for begin, behind in match.marks if out.colour else ():
        pieces += [_shown(out, match.text[end:begin]), out.paint(_shown(out, match.text[begin:behind]), "bold", "red")]
        end = behind
    text = "".join(pieces) + _shown(out, match.text[end:])
    return f"{out.paint(match.path, 'magenta')}:{out.paint(str(match.line), 'green')}:{text}"


def _shown(out: Output, text: str) -> str:
    return visible(text) if out.terminal else text


def _tell(call: Call, digest: Summary) -> None:
    call.done(work_shapes.digest(digest), [digest.text])
    if not digest.fresh and not call.json:
        call.out.note(f"This describes commit {digest.commit}; what stands there has changed since.")
