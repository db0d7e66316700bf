"""What an abstract and an overview are, and what makes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

#: one sentence
ABSTRACT = "abstract"
#: about a page
OVERVIEW = "overview"

#: characters kept of each
ABSTRACT_CHARACTERS, OVERVIEW_CHARACTERS = 400, 6000


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """An abstract or overview of what stands at a path."""

    path: str
    #: `abstract` or `overview`
    kind: str
    text: str
    #: who made it: `extractive`, or `llm:` and the model's name
    deriver: str
    deriver_version: str
    #: the commit it describes
    commit: int
    #: whether it describes what stands there at the commit that was asked about
    fresh: bool


@dataclass(frozen=True, slots=True)
class SummaryPair:
    """Both digests of one thing, which are made together."""

    abstract: str
    overview: str

    def trimmed(self) -> "SummaryPair":
        """Return it within the limits, the abstract on one line."""
        return SummaryPair(
            cut(" ".join(self.abstract.split()), ABSTRACT_CHARACTERS), cut(self.overview, OVERVIEW_CHARACTERS)
        )


@dataclass(frozen=True, slots=True)
class DirectoryItem:
    """One thing in a directory, as a digester sees it. It has no name, so that a rename derives nothing anew."""

    #: a document's own title
    title: str | None
    #: None for a file without text
    abstract: str | None
    is_folder: bool


class Digester(Protocol):
    """Makes abstracts and overviews."""

    @property
    def name(self) -> str:
        """Who made it, as renditions say it."""
        ...

    @property
    def version(self) -> str:
        """Changes when the same thing would be digested otherwise."""
        ...

    @property
    def at_once(self) -> int:
        """How many things it is asked about at once; 1 for one that waits for nobody."""
        ...

    def of_text(self, title: str | None, text: str) -> SummaryPair:
        """Return both digests of a Markdown text."""
        ...

    def of_folder(self, children: Sequence[DirectoryItem]) -> SummaryPair:
        """Return both digests of a directory that holds `children`, given in an order that names do not decide."""
        ...


def cut(text: str, characters: int) -> str:
    """Return `text`, shortened between two words when it is longer than allowed."""
    text = text.strip()
    if len(text) <= characters:
        return text
    head = text[: characters - 1]
    return (head[: head.rfind(" ")] if " " in head[characters // 2 :] else head).rstrip() + "…"
