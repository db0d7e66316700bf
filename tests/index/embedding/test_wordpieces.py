"""Tokenizing by word: always what the tokenizer says of the whole text."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from model2vec import StaticModel as TheirModel
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

from holdfast.index.embedding import embedder, wordpieces
from holdfast.index.embedding.static_model import StaticModel
from holdfast.index.embedding.wordpieces import WordPieces, cuts_words

FOLDER = embedder.MODELS / embedder.BUILT_IN
TOKENIZER = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
TOKENIZER.no_truncation()
TOKENIZER.no_padding()
SHARED = WordPieces(TOKENIZER)

PLAIN = ["store", "Holdfast", "HTTPServer2", "re-adding", "don't", "x_y", "1,000.5", "$^`|~", "+=<>", "a" * 101]
FOREIGN = ["naïve", "日本語", "Ω", "ﬁn", "I\u0307", "e\u0301", "—", "“quoted”", "٣", "ß", "مرحبا", "🧠"]
STRANGE = ["[UNK]", "[PAD]", "\u200b", "\u00ad", "a\x1cb", "\x00", "\x0b", "\x85", "\ufffd", "\u3000", "\u2028"]
WORDS = st.sampled_from(PLAIN + FOREIGN + STRANGE)
TEXTS = st.one_of(
    st.text(max_size=80), st.lists(WORDS | st.text(max_size=5)).map("".join), st.lists(WORDS).map(" ".join)
)


def said_of(text: str) -> list[int]:
    return list(TOKENIZER.encode(text, add_special_tokens=False).ids)


@given(st.lists(TEXTS, max_size=4))
@example(["a\x1cb", "a b"])
@example(["naïve[PAD]", "[UNK] x", "[ UNK ]"])
@example(["".join(map(chr, range(256)))])
@example([f"a{chr(code)}b" for code in range(0x3000) if not 0xD800 <= code < 0xE000])
def test_the_ids_are_those_of_the_whole_text(texts: list[str]) -> None:
    assert SHARED.ids(texts, None) == [said_of(text) for text in texts]


def test_ids_end_at_the_limit() -> None:
    text = "uncharacteristically " * 9
    assert SHARED.ids([text], 7) == [said_of(text)[:7]]


def test_a_full_memory_forgets_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wordpieces, "CACHED_WORDS", 3)
    pieces = WordPieces(TOKENIZER)
    for text in ("one two three", "two three four five", "one five", "one two three four five"):
        assert pieces.ids([text], None) == [said_of(text)]
        assert len(pieces.known) <= 5


def test_a_long_stretch_is_not_remembered() -> None:
    pieces = WordPieces(TOKENIZER)
    pieces.ids(["x" * 41, "an [UNK] that is seen by the tokenizer as a whole and not word by word"], None)
    assert not pieces.known


@pytest.mark.parametrize("length", [3, 512, None])
def test_vectors_are_those_of_model2vec(length: int | None) -> None:
    vectors = StaticModel.load(FOLDER).vectors
    ours = StaticModel(vectors, Tokenizer.from_str(TOKENIZER.to_str()), normalize=True, max_length=length)
    theirs = TheirModel(vectors, TOKENIZER, normalize=True)
    texts = ["", "A lease that has expired.", "Ünïcode — “quotes”", "\x01", "zzz " * 2000, "[PAD] and [UNK]"]
    assert np.array_equal(ours.encode(texts), theirs.encode(texts, max_length=length))


def test_other_tokenizers_are_asked_about_whole_texts(tmp_path: Path) -> None:
    words = Tokenizer(WordLevel({"[UNK]": 0, "a b": 1}, unk_token="[UNK]"))
    model = StaticModel(np.eye(2, dtype=np.float32), words)
    assert not cuts_words(words)
    assert model.tokenize(["a b", "c"]) == [[1], []]


def test_a_tokenizer_that_keeps_control_characters_is_asked_about_whole_texts() -> None:
    kept = Tokenizer.from_str(TOKENIZER.to_str())
    kept.normalizer = BertNormalizer(clean_text=False)
    assert isinstance(kept.pre_tokenizer, BertPreTokenizer)
    assert not cuts_words(kept)
