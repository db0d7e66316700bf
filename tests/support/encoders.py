"""Sentence encoders so small that a test makes them: an ONNX file written by hand, and the files beside it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing

#: words that the encoders know; the vectors of the first two are near each other
WORDS = ("lock", "lease", "soup", "recipe", "query", "passage", "garden", "disk")
_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
#: ONNX's numbers for the types of numbers
_FLOAT, _INT64 = 1, 7


def make_encoder(folder: Path, files: dict[str, Any] | None = None, *, dimensions: int = 8, seed: int = 1) -> Path:
    """Write an encoder that looks each word up in a table; `files` are further JSON files."""
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = {word: number for number, word in enumerate((*_SPECIAL, *WORDS))}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", vocabulary["[CLS]"]), ("[SEP]", vocabulary["[SEP]"])]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    table = np.random.default_rng(seed).normal(size=(len(vocabulary), dimensions)).astype(np.float32)
    table[[0, 2, 3]] *= 0.1
    table[vocabulary["lease"]] = table[vocabulary["lock"]] + 0.05
    (folder / "model.onnx").write_bytes(_model(table))
    for name, held in (files or {}).items():
        path = folder / f"{name}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(held))
    return folder


def _model(table: Any) -> bytes:
    """Return a model of one step: the row of `table` for each token."""
    node = _text(1, "table") + _text(1, "input_ids") + _text(2, "last_hidden_state") + _text(4, "Gather")
    tensor = b"".join(_number(1, size) for size in table.shape) + _number(2, _FLOAT)
    tensor += _text(8, "table") + _bytes(9, table.astype("<f4").tobytes())
    graph = _bytes(1, node) + _text(2, "tiny") + _bytes(5, tensor)
    graph += b"".join(_bytes(11, _named(name, _INT64, ("b", "s"))) for name in ("input_ids", "attention_mask"))
    graph += _bytes(12, _named("last_hidden_state", _FLOAT, ("b", "s", table.shape[1])))
    return _number(1, 8) + _bytes(7, graph) + _bytes(8, _text(1, "") + _number(2, 17))


def _named(name: str, kind: int, shape: tuple[str | int, ...]) -> bytes:
    sizes = b"".join(_bytes(1, _text(2, each) if isinstance(each, str) else _number(1, each)) for each in shape)
    return _text(1, name) + _bytes(2, _bytes(1, _number(1, kind) + _bytes(2, sizes)))


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _text(field: int, value: str) -> bytes:
    return _bytes(field, value.encode())
