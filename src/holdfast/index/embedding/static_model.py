"""Static embeddings: the vector of a text is the mean of the vectors of its tokens.

It reads the folders that model2vec saves and gives the vectors that model2vec gives, bit by bit, without importing it:
with what model2vec imports for training and for running on many processors, a search would take twice as long to begin.
One thing model2vec does not know: with `"pooling": "root"` in its config.json, the vector of a text is the sum of those
of its distinct tokens, each by the square root of its count, so that repetition moves it less.
Imported under `heavy.importing`.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from holdfast.index.embedding.wordpieces import WordPieces, cuts_words

#: how the vectors of tokens become that of a text: their mean; the sum of the distinct ones, by the root of their count
MEAN, ROOT = "mean", "root"
#: tokens of a text that count, unless the folder says so
MAX_LENGTH = 512
#: texts that are reckoned with at a time
_BATCH = 1024
#: keeps a text without tokens from being divided by zero
_TINY = 1e-32


class StaticModel:
    """Token vectors and the tokenizer they belong to. May be used by several threads; the tokenizer becomes its own."""

    def __init__(
        self,
        vectors: Any,
        tokenizer: Tokenizer,
        *,
        normalize: bool = False,
        max_length: int | None = MAX_LENGTH,
        weights: Any | None = None,
        mapping: Any | None = None,
        pooling: str = MEAN,
    ) -> None:
        if mapping is None and len(vectors) != tokenizer.get_vocab_size():
            raise ValueError(f"there are {len(vectors)} vectors for {tokenizer.get_vocab_size()} tokens")
        self.vectors = vectors
        #: whether the vectors of texts are brought to length 1
        self.normalize = normalize
        #: tokens of a text that count; None for all
        self.max_length = max_length
        #: MEAN or ROOT
        self.pooling = pooling
        self._weights, self._mapping = weights, mapping
        self._tokenizer = tokenizer
        _set_up(tokenizer, max_length)
        self._unknown = _unknown_id(tokenizer)
        self._pieces = WordPieces(tokenizer) if cuts_words(tokenizer) else None
        self._usual_length = 0

    @staticmethod
    def load(folder: Path) -> "StaticModel":
        """Return the model in a folder; raises what its files make their readers raise."""
        tensors = load_file(folder / "model.safetensors")
        config = json.loads((folder / "config.json").read_text("utf-8"))
        told = {name: config[name] for name in ("normalize", "max_length") if name in config}
        pooling = ROOT if config.get("pooling") == ROOT else MEAN
        return StaticModel(
            tensors["embeddings"],
            Tokenizer.from_file(str(folder / "tokenizer.json")),
            weights=tensors.get("weights"),
            mapping=tensors.get("mapping"),
            pooling=pooling,
            **told,
        )

    @property
    def dim(self) -> int:
        """Return the length of every vector."""
        return int(self.vectors.shape[1])

    def knows(self, word: str) -> bool:
        """Return whether a word is a token by itself."""
        return self._tokenizer.token_to_id(word) is not None

    def encode(self, texts: Sequence[str]) -> Any:
        """Return one row per text."""
        batches = (texts[first : first + _BATCH] for first in range(0, len(texts), _BATCH))
        return np.concatenate([self._encode(self.tokenize(batch)) for batch in batches])

    def tokenize(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the token ids of each text, without those of unknown words."""
        texts = self._shortened(texts)
        if self._pieces is not None:
            found = self._pieces.ids(texts, self.max_length)
        else:
            found = [each.ids for each in self._tokenizer.encode_batch_fast(texts, add_special_tokens=False)]
        unknown = self._unknown
        return [[each for each in ids if each != unknown] if unknown in ids else ids for ids in found]

    def _shortened(self, texts: Sequence[str]) -> Sequence[str]:
        """Return the texts without what goes far beyond the tokens that count."""
        limit = self.max_length
        if limit is None or all(len(text) <= limit for text in texts):
            return texts
        if not self._usual_length:
            self._usual_length = int(median(map(len, self._tokenizer.get_vocab())))
        return [text[: limit * self._usual_length] for text in texts]

    def _encode(self, ids: list[list[int]]) -> Any:
        kind = self.vectors.dtype
        out = np.zeros((len(ids), self.dim), dtype=np.float32 if kind == np.int8 else kind)
        if self.pooling == ROOT:
            self._sum_by_roots(ids, out)
        else:
            for rows, tokens in _groups(ids):
                out[rows] = self._of_tokens(tokens).mean(axis=1)
        if not self.normalize:
            return out
        exact = out.astype(np.float32)
        lengths = np.linalg.norm(exact, axis=1, keepdims=True) + _TINY
        return (exact / lengths).astype(out.dtype)

    def _sum_by_roots(self, ids: list[list[int]], out: Any) -> None:
        """Add to each row of `out` the vectors of its text's distinct tokens, each by the root of its count."""
        counts = [Counter(tokens) for tokens in ids]
        for rows, tokens in _groups([list(each) for each in counts]):
            roots = np.sqrt(np.array([list(counts[row].values()) for row in rows], dtype=np.float32))
            out[rows] = (roots[:, None, :] @ self._of_tokens(tokens).astype(np.float32))[:, 0]

    def _of_tokens(self, tokens: Any) -> Any:
        found = self.vectors[tokens if self._mapping is None else self._mapping[tokens]]
        return found if self._weights is None else found * self._weights[tokens][..., None]


def _set_up(tokenizer: Tokenizer, limit: int | None) -> None:
    tokenizer.no_padding()
    if limit is None:
        tokenizer.no_truncation()
    else:
        tokenizer.enable_truncation(limit)


def _unknown_id(tokenizer: Tokenizer) -> int | None:
    """Return the id that stands for words the tokenizer does not know."""
    if hasattr(tokenizer.model, "unk_token"):
        token = tokenizer.model.unk_token
        return None if token is None else tokenizer.token_to_id(token)
    # Models over whole probabilities keep it by number.
    found: int | None = json.loads(tokenizer.to_str())["model"].get("unk_id")
    return found


def _groups(ids: list[list[int]]) -> Iterator[tuple[list[int], Any]]:
    """Yield the rows of texts with equally many tokens, and these: one line of numbers for each text."""
    groups: dict[int, list[int]] = defaultdict(list)
    for row, tokens in enumerate(ids):
        groups[len(tokens)].append(row)
    return ((rows, np.array([ids[row] for row in rows])) for length, rows in groups.items() if length)
