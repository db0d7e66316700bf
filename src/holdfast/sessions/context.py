"""What an agent is given of a session: the latest archive's abstract and as many recent messages as fit."""

from dataclasses import dataclass
from typing import Any

from holdfast.catalog.work.sessions import Message
from holdfast.sessions import messages as wording

#: ASCII characters in one token, as models count them on average, and bytes of UTF-8 of all other text: a Chinese
#: character takes about one token, a Cyrillic letter half of one. Rather too many are counted than too few.
ASCII_PER_TOKEN, BYTES_PER_TOKEN = 4, 2
#: tokens that each message costs beyond its text
TOKENS_PER_MESSAGE = 4
#: tokens beyond which a larger budget makes no difference: no model takes as many
MOST_TOKENS = 100_000_000


@dataclass(frozen=True)
class SessionContext:
    """A session's memory of itself, within a budget."""

    #: what was said before the messages; None without an archive, or when its abstract did not fit
    abstract: str | None
    #: where the abstract's archive stands
    archive: str | None
    #: the newest live messages, oldest of them first
    messages: list[Message]
    #: an estimate of what it all costs
    tokens: int
    #: whether older live messages were left out
    truncated: bool

    def as_json(self) -> dict[str, Any]:
        """Return it as a dict that JSON can hold."""
        return {
            "abstract": self.abstract,
            "archive": self.archive,
            "tokens": self.tokens,
            "truncated": self.truncated,
            "messages": [wording.as_json(message) for message in self.messages],
        }


def fit(abstract: str | None, archive: str | None, live: list[Message], budget: int) -> SessionContext:
    """Return what fits into `budget` tokens: newest messages first of all, then the abstract of what was before them.

    A quarter of the budget is kept for the abstract if it needs it.
    """
    wanted = min(tokens_of(abstract), budget // 4) if abstract else 0
    left = max(budget - wanted, 0)
    chosen: list[Message] = []
    for message in reversed(live):
        cost = tokens_of_message(message)
        if cost > left:
            break
        chosen.append(message)
        left -= cost
    chosen.reverse()
    left += wanted
    fitting = abstract if abstract is not None and tokens_of(abstract) <= left else None
    spent = budget - left + tokens_of(fitting)
    return SessionContext(fitting, archive if fitting is not None else None, chosen, spent, len(chosen) < len(live))


def tokens_of(text: str | None) -> int:
    """Return about how many tokens a text takes."""
    if not text:
        return 0
    size = len(text.encode("utf-8"))
    plain = len(text.encode("ascii", "ignore"))
    return -(-plain // ASCII_PER_TOKEN) + -(-(size - plain) // BYTES_PER_TOKEN)


def tokens_of_message(message: Message) -> int:
    """Return about how many tokens a message takes."""
    return TOKENS_PER_MESSAGE + tokens_of(message.text)
