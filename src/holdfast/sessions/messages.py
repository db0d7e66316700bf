"""What an archive is written in: messages as JSON Lines for programs, a transcript in Markdown for people."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from holdfast.catalog.work.sessions import Message
from holdfast.errors import CorruptStore, TooLarge, Unsupported
from holdfast.host.clock import utc

#: bytes of UTF-8 in one message's content
MAX_CONTENT_BYTES = 4 * 1024 * 1024
#: characters of a role
MAX_ROLE_CHARACTERS = 64

#: what a message consists of, as `extend` takes it
FIELDS = frozenset({"role", "content", "parts", "tool_calls", "at"})


def make(
    role: str, content: str | None, parts: Sequence[Any] | None, tool_calls: Sequence[Any] | None, at: float
) -> Message:
    """Return a message to be appended; raises Unsupported or TooLarge for what cannot be kept, and later archived."""
    content = content or ""
    if not role or len(role) > MAX_ROLE_CHARACTERS or not role.isprintable():
        raise Unsupported(f"{role[:80]!r} is no role", path=role[:80], remedy="Use user, assistant, system or tool")
    try:
        size = len(content.encode("utf-8"))
        # As it will be archived: what could be appended and not archived would stop every commit of the session.
        json.dumps([parts, tool_calls], allow_nan=False, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as error:
        raise Unsupported("The message is not valid Unicode", remedy="Decode it with errors='replace'") from error
    except (TypeError, ValueError, RecursionError) as error:
        raise Unsupported(f"Parts and tool calls must be JSON ({error})") from error
    if size > MAX_CONTENT_BYTES:
        raise TooLarge(
            f"A message of {size} bytes is too large; {MAX_CONTENT_BYTES} are allowed",
            remedy="Write it as a document, and say its path in the message",
        )
    return Message(
        id=0,
        session_id="",
        role=role,
        content=content,
        parts=_listed(parts, "parts"),
        tool_calls=_listed(tool_calls, "tool calls"),
        at=utc(at),
    )


def _listed(given: Sequence[Any] | None, what: str) -> list[Any] | None:
    # A mapping or a text would become a list, too: of its keys, of its letters.
    if given is not None and not isinstance(given, list | tuple):
        raise Unsupported(f"The {what} of a message are a list, not {type(given).__name__}")
    return None if given is None else list(given)


def from_mapping(given: Mapping[str, Any], now: float) -> Message:
    """Return the message that a mapping with the keys of FIELDS describes; raises Unsupported."""
    if not isinstance(given, Mapping):
        raise Unsupported(f"A message is no {type(given).__name__}", remedy="Give a dict with a role and a content")
    if unknown := given.keys() - FIELDS:
        raise Unsupported(f"A message has no {sorted(unknown)[0]!r}", remedy=f"It has {', '.join(sorted(FIELDS))}")
    role, content, at = given.get("role"), given.get("content"), given.get("at")
    # Models send null for the content beside tool calls.
    if not isinstance(role, str) or not isinstance(content, str | None):
        raise Unsupported("A message has a role and a content, both text")
    return make(role, content, given.get("parts"), given.get("tool_calls"), now if at is None else seconds(at))


def numbered(number: int, given: Mapping[str, Any], now: float) -> Message:
    """Return what `from_mapping` does; what it raises says which message it is about."""
    try:
        return from_mapping(given, now)
    except (TooLarge, Unsupported) as error:
        raise type(error)(f"Message {number}: {error.message}", path=error.path, remedy=error.remedy) from error


def seconds(at: float | str | datetime) -> float:
    """Return a time as seconds since the epoch; text is ISO 8601. Raises Unsupported for what is no date."""
    try:
        if isinstance(at, str):
            at = datetime.fromisoformat(at)
        found = at.timestamp() if isinstance(at, datetime) else float(at)
        datetime.fromtimestamp(found, UTC)
    except (TypeError, ValueError, OverflowError, OSError) as error:
        raise Unsupported(f"{at!r} is not a time", remedy="Write it as in 2026-01-31T12:00:00+00:00") from error
    return found


def to_lines(messages: Iterable[Message]) -> str:
    """Return messages as JSON Lines; the fields of a message are keys, what is absent is left out."""
    # One encoder for all lines: making one for each takes longer than the encoding.
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    return "".join(f"{encode(as_json(message))}\n" for message in messages)


def as_json(message: Message) -> dict[str, Any]:
    """Return a message as what JSON can say."""
    found: dict[str, Any] = {
        "id": message.id,
        "role": message.role,
        "content": message.content,
        "at": iso(message.at),
    }
    if message.parts is not None:
        found["parts"] = message.parts
    if message.tool_calls is not None:
        found["tool_calls"] = message.tool_calls
    return found


def from_lines(text: str, session_id: str, path: str) -> list[Message]:
    """Return the messages that `to_lines` wrote; raises CorruptStore for anything else."""
    try:
        return [_from_json(json.loads(line), session_id) for line in text.split("\n") if line]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CorruptStore(f"{path} does not hold messages ({type(error).__name__}: {error})", path=path) from error


def _from_json(found: dict[str, Any], session_id: str) -> Message:
    message = make(found["role"], found["content"], found.get("parts"), found.get("tool_calls"), seconds(found["at"]))
    return replace(message, id=int(found["id"]), session_id=session_id)


def title(session_id: str, number: int) -> str:
    """Return what an archive's transcript is called."""
    return f"Session {session_id}, archive {number}"


def transcript(messages: Sequence[Message], session_id: str, number: int) -> str:
    """Return messages as a Markdown text that a person can read."""
    first, last = iso(messages[0].at), iso(messages[-1].at)
    head = f"# {title(session_id, number)}\n\n*{amount(messages)}, {first} to {last}*\n"
    return head + "".join(f"\n**{m.role}** ({m.id}): {m.text}\n" for m in messages)


def amount(messages: Sequence[Message]) -> str:
    """Return how many messages there are, in words."""
    return f"{len(messages)} message{'s' * (len(messages) != 1)}"


def iso(at: datetime) -> str:
    """Return a time as ISO 8601 in UTC."""
    return at.astimezone(UTC).isoformat()
