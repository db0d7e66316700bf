"""E-mail messages: the body through xberg, the headers through the standard library."""

from email import message_from_bytes
from email.errors import MessageError
from email.message import EmailMessage
from email.policy import default as modern

from holdfast.ingest import formats
from holdfast.ingest.converters import engine
from holdfast.ingest.converters.dates import iso
from holdfast.ingest.limits import Limits
from holdfast.ingest.port import Document, Rendition
from holdfast.ingest.titles import tidy


class MailConverter:
    """A message's headers and body; attachments are named, their contents are not read."""

    name = "mail"

    @property
    def version(self) -> str:
        """Our own settings' number and xberg's version."""
        return f"1+xberg-{engine.version()}"

    def accepts(self, media_type: str) -> bool:
        """Tell whether the media type is an e-mail message."""
        return media_type == formats.EML

    def convert(self, document: Document, limits: Limits) -> Rendition:
        """Return the message, its subject as the title, its sender as the author."""
        data = document.read()
        found = engine.extract(document.name, data, document.media_type, limits)
        title, author, created = _headers(data)
        return Rendition(
            found.markdown, title=title, author=author or found.author, created=created, warnings=found.warnings
        )


def _headers(data: bytes) -> tuple[str | None, str | None, str | None]:
    head = data.partition(b"\n\n")[0] if b"\n\n" in data else data.partition(b"\r\n\r\n")[0]
    message = message_from_bytes(head, _class=EmailMessage, policy=modern)
    return tidy(_header(message, "Subject")), tidy(_header(message, "From")), iso(_header(message, "Date"))


def _header(message: EmailMessage, name: str) -> str | None:
    try:
        value = message[name]
    except (MessageError, ValueError, IndexError, AttributeError, TypeError):
        # The parser of structured headers trips over some malformed ones; a title is not worth the message.
        return None
    return None if value is None else str(value)
