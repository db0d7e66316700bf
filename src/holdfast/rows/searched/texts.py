"""The texts that a row is found by: its words where `FullText` is declared, its meaning where `Embed` is."""

from collections.abc import Iterable, Mapping
from typing import Any

from holdfast.index.text.analysis import tokens
from holdfast.rows.schema.codec import held_value
from holdfast.rows.schema.types import PropertySchema, TypeSchema

#: characters of a row's text that are embedded: a vector of more says less, and endpoints refuse long texts
EMBEDDED_CHARACTERS = 8_000


class RowTexts:
    """Which texts of the rows of one type are searched, and how."""

    def __init__(self, kind: TypeSchema) -> None:
        # A vector that is made of a text has it searched by meaning too, by the store's own embedder.
        named = {each.embed for each in kind.live if each.embed}
        #: properties whose words are searched
        self.by_words: tuple[PropertySchema, ...] = tuple(each for each in kind.live if each.full_text)
        #: properties that are searched by meaning
        self.by_meaning: tuple[PropertySchema, ...] = tuple(each for each in kind.live if each.name in named)
        self._all = tuple(each for each in kind.live if each.full_text or each.name in named)

    def __bool__(self) -> bool:
        """Return whether rows of the type are searched at all."""
        return bool(self._all)

    def words(self, data: Mapping[str, Any]) -> str:
        """Return the terms of a row that full text looks through, separated by single spaces."""
        return " ".join(tokens(self.joined(self.by_words, data)))

    def meaning(self, data: Mapping[str, Any]) -> str:
        """Return what is embedded of a row; empty when there is nothing to embed."""
        return self.joined(self.by_meaning, data)[:EMBEDDED_CHARACTERS]

    def text(self, data: Mapping[str, Any]) -> str:
        """Return all that a row is found by, as people read it."""
        return self.joined(self._all, data)

    @staticmethod
    def joined(searched: Iterable[PropertySchema], data: Mapping[str, Any]) -> str:
        """Return the texts of some properties, one after another."""
        found = (held_value(each, data) for each in searched)
        return "\n".join(value for value in found if value)
