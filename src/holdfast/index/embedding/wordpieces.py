"""Token ids from words met before: what the tokenizer says of a text, at a tenth of its cost.

BERT's tokenizers (Devlin et al. 2018) cut a text at white space and around punctuation, and then look at each word
alone. So the ids of a text are those of its words, one after another, and a word needs the tokenizer once. Only texts
are cut here of which it is certain where the tokenizer would cut them; all others are handed to it whole.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import chain

from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

#: words whose ids are remembered
CACHED_WORDS = 50_000
#: characters; longer words are hardly ever met twice
_CACHED_LENGTH = 40

# ASCII punctuation stands alone, even where Unicode calls it a symbol.
_WORD = re.compile(r"[0-9A-Za-z]+|[!-/:-@\[-`{-~]")
_PIECE = re.compile(r"[^ \t\n\r]+")
# The tokenizer drops these and joins what stands around them.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def cuts_words(tokenizer: Tokenizer) -> bool:
    """Tell whether a tokenizer is one of those whose words this knows how to cut."""
    return (
        isinstance(tokenizer.model, WordPiece)
        and isinstance(tokenizer.pre_tokenizer, BertPreTokenizer)
        and isinstance(tokenizer.normalizer, BertNormalizer)
        and tokenizer.normalizer.clean_text
    )


class WordPieces:
    """A tokenizer and its memory. `cuts_words` must be true of it. May be used by several threads."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        # Words that mean something to the tokenizer itself, wherever they stand in a text.
        self._reserved = [token.content for token in tokenizer.get_added_tokens_decoder().values()]
        #: the token ids of words that were seen; emptied when it is full
        self.known: dict[str, list[int]] = {}

    def ids(self, texts: Sequence[str], limit: int | None) -> list[list[int]]:
        """Return the token ids of each text, at most `limit` each, without special tokens."""
        words = [self._words(text) for text in texts]
        ids = self._learn(chain.from_iterable(words))
        return [list(chain.from_iterable(map(ids.__getitem__, found)))[:limit] for found in words]

    def _words(self, text: str) -> list[str]:
        """Return stretches of `text` that the tokenizer looks at each by itself; they hold all it would look at."""
        if _CONTROL.search(text) or any(token in text for token in self._reserved):
            return [text]
        if text.isascii():
            return _WORD.findall(text)
        pieces = _PIECE.findall(text)
        return list(chain.from_iterable(_WORD.findall(piece) if piece.isascii() else (piece,) for piece in pieces))

    def _learn(self, words: Iterable[str]) -> dict[str, list[int]]:
        """Return the ids of these words."""
        wanted, known = set(words), self.known
        found = {word: known[word] for word in wanted if word in known}
        missing = [word for word in wanted if word not in found]
        if missing:
            encoded = self._tokenizer.encode_batch_fast(missing, add_special_tokens=False)
            fresh = {word: each.ids for word, each in zip(missing, encoded, strict=True)}
            if len(known) + len(fresh) > CACHED_WORDS:
                # Not cleared: another thread may be reading it.
                self.known = known = {}
            known.update((word, ids) for word, ids in fresh.items() if len(word) <= _CACHED_LENGTH)
            found.update(fresh)
        return found
