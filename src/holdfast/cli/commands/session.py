"""Conversations: list, new, append, show, context, commit, delete."""

import sys
from collections.abc import Iterator
from pathlib import Path
from time import time
from typing import Annotated

import typer

from holdfast import Message, SessionInfo
from holdfast.cli import work_shapes as shapes
from holdfast.cli.call import Call, command, group
from holdfast.cli.options import LimitOption
from holdfast.cli.output import Output, count
from holdfast.cli.waiting import WaitOption, status_of, work_off
from holdfast.lines import lines_of

app: typer.Typer = group("Conversations: append messages, archive and remember them.")

SessionArgument = Annotated[str, typer.Argument(metavar="SESSION", help="The session's name.")]


@command(app, "list")
def list_(
    call: Call,
    limit: LimitOption = None,
    after: Annotated[
        str | None, typer.Option("--after", metavar="SESSION", help="Only what comes after this session.")
    ] = None,
) -> None:
    """List all sessions, the newest first."""
    found = list(call.store.sessions.list(limit=limit, after=after))
    call.done({"sessions": [shapes.session(info) for info in found]}, (_line(call.out, info) for info in found))


@command(app)
def new(call: Call, session: SessionArgument) -> None:
    """Make a session without messages.

    One also comes to be with its first message.
    """
    made = call.store.sessions.create(session)
    call.done({"session": session, "created": made}, [f"{'made' if made else 'there already:'} {session}"])


@command(app)
def append(
    call: Call,
    session: SessionArgument,
    role: Annotated[str, typer.Argument(metavar="ROLE", help="user, assistant, system, tool, ...")] = "user",
    text: Annotated[
        str | None, typer.Argument(metavar="TEXT", help="What was said; read from standard input if left out.")
    ] = None,
    at: Annotated[str | None, typer.Option("--at", metavar="TIME", help="When, in ISO 8601; now if left out.")] = None,
    lines: Annotated[
        Path | None,
        typer.Option(
            "--jsonl", metavar="FILE", help="Append every message of a JSON Lines file instead, or - for input."
        ),
    ] = None,
) -> None:
    """Append a message, durable when the command returns."""
    target = call.store.session(session)
    if lines is not None:
        ids = target.extend(_from_file(lines))
    else:
        ids = [target.append(role, sys.stdin.read() if text is None else text, at=at)]
    call.done({"session": session, "ids": ids}, [f"appended {count(len(ids), 'message')} to {session}"])


@command(app)
def show(
    call: Call,
    session: SessionArgument,
    archived: Annotated[bool, typer.Option("--archived", help="Show archived messages, too.")] = False,
    limit: LimitOption = None,
    after: Annotated[
        int | None, typer.Option("--after", metavar="ID", min=0, help="Only what comes after this message.")
    ] = None,
) -> None:
    """Show a session's archives and its live messages."""
    target = call.store.session(session)
    info, messages = target.show(), target.messages(archived=archived, limit=limit, after=after)
    document = shapes.session(info) | {
        "archives": [shapes.archive(each) for each in info.archives],
        "said": [shapes.message(message) for message in messages],
    }
    call.done(document, _shown(call.out, info, messages))


@command(app)
def context(
    call: Call,
    session: SessionArgument,
    tokens: Annotated[int, typer.Option("--tokens", metavar="N", help="How much there is room for.")] = 4000,
) -> None:
    """Show what an agent is given to go on.

    That is the abstract of the latest archive, and the newest live messages that fit.
    """
    target = call.store.session(session)
    # To a program that is about to append, a session that is not there yet is an empty one; to a person a misspelt one.
    target.show()
    found = target.context(tokens)
    document = {
        "abstract": found.abstract,
        "archive": found.archive,
        "tokens": found.tokens,
        "truncated": found.truncated,
        "said": [shapes.message(message) for message in found.messages],
    }
    abstract = [call.out.paint(f"before: {found.abstract}", "dim")] if found.abstract else []
    call.done(document, [*abstract, *(_said(call.out, message) for message in found.messages)])


@command(app)
def commit(
    call: Call,
    session: SessionArgument,
    keep_recent: Annotated[
        int, typer.Option("--keep-recent", metavar="N", min=0, help="Leave the newest N messages live.")
    ] = 0,
    wait: WaitOption = False,
) -> int | None:
    """Archive the messages so far.

    The job that remembers what is worth it is enqueued with them. With --wait the exit status is 1 when that job
    failed.
    """
    made = call.store.session(session).commit(keep_recent=keep_recent)
    ended = work_off(call, made.job_id) if wait and made.job_id is not None else []
    document = {
        "session": session,
        "archive": shapes.archive(made.archive) if made.archive else None,
        "job": shapes.job(ended[0]) if ended else None,
    }
    if made.archive is None:
        told = f"nothing to archive in {session}"
    else:
        told = f"archived {count(made.archive.messages, 'message')} in {made.path}, job {made.job_id}"
    call.done(document, [told, *(f"job {job.id} {job.state}{_because(job.error)}" for job in ended)])
    return status_of(ended)


@command(app)
def delete(call: Call, session: SessionArgument) -> None:
    """Remove a session, its messages and archives.

    History keeps what was said (`holdfast restore /sessions/NAME --at COMMIT`, the commit before), and memories stay.
    """
    commit = call.store.sessions.delete(session)
    call.done({"session": session, "commit": commit.id}, [f"deleted {session} (commit {commit.id})"])


def _from_file(file: Path) -> Iterator[dict[str, object]]:
    import json

    from holdfast.errors import Unsupported

    text = sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
    for number, line in enumerate(lines_of(text), 1):
        if line.strip():
            try:
                yield json.loads(line)
            except ValueError as error:
                raise Unsupported(f"Line {number} of {file} is no message ({error})", path=str(file)) from error


def _line(out: Output, info: SessionInfo) -> str:
    last = "" if info.last_at is None else f", last {out.time(info.last_at, time())}"
    return f"{out.paint(info.id, 'bold')}  {count(info.messages, 'live message')}{out.paint(last, 'dim')}"


def _shown(out: Output, info: SessionInfo, messages: list[Message]) -> Iterator[str]:
    for archive in info.archives:
        shape = shapes.archive(archive)
        yield out.paint(f"{shape['path']}  {count(archive.messages, 'message')}, job {archive.job_id}", "dim")
    yield from (_said(out, message) for message in messages)


def _said(out: Output, message: Message) -> str:
    return f"{out.paint(message.role, 'cyan')}: {message.text}"


def _because(error: str | None) -> str:
    return f": {error}" if error else ""
