"""E-mail messages: headers, body and the messages forwarded inside, through the standard library."""

import contextlib
from collections.abc import Iterator
from email import message_from_bytes
from email.errors import MessageError
from email.message import EmailMessage
from email.policy import default as modern
from typing import cast

from holdfast.ingest.conversion import formats
from holdfast.ingest.conversion.decode import decode
from holdfast.ingest.conversion.limits import ConversionLimits
from holdfast.ingest.conversion.port import ConvertedDocument, Document
from holdfast.ingest.conversion.titles import tidy
from holdfast.ingest.converters.dates import iso
from holdfast.ingest.converters.html import HtmlConverter

#: headers shown above the body, in this order
SHOWN = ("Subject", "From", "To", "Cc", "Date")
#: characters kept of one of them
HEADER_CHARACTERS = 1000
#: messages inside of messages that are read; deeper ones are left out
DEEPEST = 8

_MESSAGE = "message/rfc822"
_HTML = HtmlConverter()


class MailConverter:
    """A message's headers and body, and those of messages it forwards; other attachments are named, not read."""

    name = "mail"

    @property
    def version(self) -> str:
        """Our own rules' number and the version of what reads HTML bodies."""
        return f"2+html-{_HTML.version}"

    def accepts(self, media_type: str) -> bool:
        """Tell whether the media type is an e-mail message."""
        return media_type == formats.EML

    def convert(self, document: Document, limits: ConversionLimits) -> ConvertedDocument:
        """Return the message, its subject as the title, its sender as the author."""
        message = message_from_bytes(document.read(), _class=EmailMessage, policy=modern)
        return ConvertedDocument(
            markdown="\n\n".join(_blocks(message, limits, DEEPEST)) + "\n",
            title=tidy(_header(message, "Subject")),
            author=tidy(_header(message, "From")),
            created=iso(_header(message, "Date")),
        )


def _blocks(message: EmailMessage, limits: ConversionLimits, deepest: int) -> Iterator[str]:
    for name in SHOWN:
        if value := " ".join((_header(message, name) or "").split()):
            yield f"**{name}**: {value[:HEADER_CHARACTERS]}"
    yield from _read(message, limits, deepest)
    if names := [f"- {name}" for name in _attachments(message)]:
        yield "Attachments:\n\n" + "\n".join(names)


def _read(part: EmailMessage, limits: ConversionLimits, deepest: int) -> Iterator[str]:
    """Yield the texts of a part, in order, without blank lines around them."""
    children = _children(part)
    if part.get_content_type() == _MESSAGE:
        for inner in children if deepest else []:
            yield from ("---", *_blocks(inner, limits, deepest - 1))
    elif part.get_content_type() == "multipart/alternative":
        yield from _best(children, limits, deepest)
    elif children:
        for child in children:
            yield from _read(child, limits, deepest)
    elif part.get_content_maintype() == "text" and not _attached_as(part) and (text := _text(part, limits)):
        yield text


def _best(children: list[EmailMessage], limits: ConversionLimits, deepest: int) -> list[str]:
    """Return the texts of one of several forms of the same: the richest that has any."""
    for wanted in ("text/html", "text/"):
        for child in reversed(children):
            if any(part.get_content_type().startswith(wanted) for part in child.walk()):
                found = list(_read(child, limits, deepest))
                if found:
                    return found
    return []


def _attachments(part: EmailMessage) -> Iterator[str]:
    """Yield the names of what is attached and not read."""
    if part.get_content_type() == _MESSAGE:
        return
    if name := _attached_as(part):
        yield name
    for child in _children(part):
        yield from _attachments(child)


def _children(part: EmailMessage) -> list[EmailMessage]:
    return cast(list[EmailMessage], part.get_payload()) if part.is_multipart() else []


def _text(part: EmailMessage, limits: ConversionLimits) -> str:
    data = part.get_payload(decode=True)
    text = _decoded(data if isinstance(data, bytes) else b"", part.get_content_charset())
    if part.get_content_subtype() == "html" and text.strip():
        page = Document("the body", text.encode("utf-8"), formats.HTML)
        return _HTML.convert(page, limits).markdown.strip("\n")
    return text.strip("\n")


def _decoded(data: bytes, charset: str | None) -> str:
    # Where what the message says of its letters is not true, they are looked at.
    with contextlib.suppress(LookupError, UnicodeError):
        data = data.decode(charset or "utf-8").encode("utf-8")
    return decode(data).text


def _attached_as(part: EmailMessage) -> str | None:
    try:
        return tidy(part.get_filename())
    except (MessageError, ValueError, IndexError, AttributeError, TypeError):
        return None


def _header(message: EmailMessage, name: str) -> str | None:
    try:
        value = message[name]
    except (MessageError, ValueError, IndexError, AttributeError, TypeError):
        # The parser of structured headers trips over some malformed ones; a title is not worth the message.
        return None
    return None if value is None else str(value).encode("utf-8", "replace").decode("utf-8")
