"""Sentence encoders in ONNX: folders as sentence-transformers and its exporters leave them, run by onnxruntime.

What the folder says is honoured: its pooling (mean, or the first token), the tokens that count, lower case, and what
goes before a query and before a passage. What it says and this cannot do is refused: a silent difference would only
show as worse hits. Vectors are brought to length 1 by the caller.

Imported under `heavy.importing`.
"""

import json
import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from tokenizers import Encoding, Tokenizer

from holdfast.index.embedding.folders import ENCODER_FILES

#: tokens of a text that count, unless the folder says so
MAX_LENGTH = 512
#: lengths that stand for "no limit" in tokenizer_config.json are beyond this
_ABSURD_LENGTH = 100_000
#: texts, and tokens with what fills them up, that the model is given at once: what it makes of more leaves the caches
#: of a core, and takes half as long again
BATCH_TEXTS, BATCH_TOKENS = 32, 2048
#: outputs that are vectors of whole texts already
_WHOLE = ("sentence_embedding", "embedding", "dense_embedding")
#: kinds of modules after the model that are done here
_MODULES = ("Transformer", "Pooling", "Normalize")
#: threads that a model takes by itself
MOST_THREADS = 8
#: what sentence-transformers calls prompts of texts that are searched, and of queries
_QUERY_PROMPTS, _PASSAGE_PROMPTS = ("query", "search_query"), ("passage", "document", "search_document", "corpus")


class NotUnderstood(ValueError):
    """Raised when a folder asks for something that is not done here."""


@dataclass(frozen=True, kw_only=True)
class FolderSettings:
    """What a folder says of itself."""

    #: whether the vector of the first token stands for the text; otherwise the mean over its tokens does
    first_token: bool = False
    #: tokens of a text that count
    max_length: int = MAX_LENGTH
    lower_case: bool = False
    #: what goes before a query, and before a passage
    query_prefix: str = ""
    passage_prefix: str = ""

    @staticmethod
    def of(folder: Path) -> "FolderSettings":
        """Return what the files of a folder say; raises NotUnderstood."""
        _check_modules(_read(folder / "modules.json"))
        sentence, tokens = _read(folder / "sentence_bert_config.json"), _read(folder / "tokenizer_config.json")
        limit = sentence.get("max_seq_length") or tokens.get("model_max_length") or MAX_LENGTH
        prompts = _read(folder / "config_sentence_transformers.json").get("prompts") or {}
        return FolderSettings(
            first_token=_takes_first_token(_read(folder / "1_Pooling" / "config.json")),
            max_length=int(limit) if limit < _ABSURD_LENGTH else MAX_LENGTH,
            lower_case=bool(sentence.get("do_lower_case")),
            query_prefix=_first(prompts, _QUERY_PROMPTS),
            passage_prefix=_first(prompts, _PASSAGE_PROMPTS),
        )


class SentenceEncoder:
    """A model and its tokenizer. May be used by several threads of one process."""

    def __init__(self, model: Path, tokenizer: Tokenizer, settings: FolderSettings, threads: int) -> None:
        self.settings = settings
        self._tokenizer = tokenizer
        tokenizer.no_padding()
        tokenizer.enable_truncation(settings.max_length)
        # The tokenizer keeps what it was told last: two threads must not tell it at once.
        self._telling = threading.Lock()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self._inputs = [given.name for given in self._session.get_inputs()]
        self._output = _output_of(self._session)
        self.dim: int = self._embedded([tokenizer.encode("a")]).shape[1]

    @staticmethod
    def load(folder: Path, *, threads: int) -> "SentenceEncoder":
        """Return the encoder in a folder; raises what its files make their readers raise."""
        model = next(folder / name for name in ENCODER_FILES if (folder / name).is_file())
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        return SentenceEncoder(model, tokenizer, FolderSettings.of(folder), threads or usual_threads())

    def encode(self, texts: Sequence[str], *, query: bool = False) -> Any:
        """Return one row per text; those that are as long go through the model together."""
        out = np.zeros((len(texts), self.dim), dtype=np.float32)
        tokens = self._tokens(texts, self.settings.query_prefix if query else self.settings.passage_prefix)
        # A text without words has no direction.
        spoken = [row for row, text in enumerate(texts) if text.strip() and tokens[row].ids]
        for rows in _batches(sorted(spoken, key=lambda row: (len(tokens[row].ids), row)), tokens):
            out[rows] = self._embedded([tokens[row] for row in rows])
        return out

    def _tokens(self, texts: Sequence[str], prefix: str) -> list[Encoding]:
        cut = [prefix + (text.lower() if self.settings.lower_case else text) for text in texts]
        with self._telling:
            found: list[Encoding] = self._tokenizer.encode_batch(cut)
        return found

    def _embedded(self, tokens: Sequence[Encoding]) -> Any:
        width = max(len(each.ids) for each in tokens)
        given = {name: np.zeros((len(tokens), width), dtype=np.int64) for name in ("input_ids", "attention_mask")}
        given["token_type_ids"] = np.zeros_like(given["input_ids"])
        for row, each in enumerate(tokens):
            given["input_ids"][row, : len(each.ids)] = each.ids
            given["attention_mask"][row, : len(each.ids)] = 1
        [found] = self._session.run([self._output], {name: given[name] for name in self._inputs})
        if found.ndim == 2:
            return found
        if self.settings.first_token:
            return found[:, 0]
        mask = given["attention_mask"][:, :, None].astype(np.float32)
        return (found * mask).sum(axis=1) / mask.sum(axis=1)


def usual_threads() -> int:
    """Return how many threads a model takes when nobody says: one per core, within bounds."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, MOST_THREADS)


def _output_of(session: Any) -> str:
    """Return which output the vectors are taken from: of whole texts if there are such, else of tokens."""
    names = [found.name for found in session.get_outputs()]
    return next((name for name in (*_WHOLE, "last_hidden_state") if name in names), str(names[0]))


def _batches(rows: list[int], tokens: list[Encoding]) -> Iterator[list[int]]:
    """Yield rows that go through the model together; they are in order of length."""
    batch: list[int] = []
    for row in rows:
        if batch and (len(batch) == BATCH_TEXTS or (len(batch) + 1) * len(tokens[row].ids) > BATCH_TOKENS):
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


def _check_modules(modules: Any) -> None:
    kinds = [str(each.get("type", "")).rpartition(".")[2] for each in modules] if isinstance(modules, list) else []
    for kind in kinds:
        if kind not in _MODULES:
            raise NotUnderstood(f"its modules.json asks for {kind}, which is not done here")


def _takes_first_token(config: dict[str, Any]) -> bool:
    prefix = "pooling_mode_"
    asked = [name.removeprefix(prefix) for name, on in config.items() if name.startswith(prefix) and on is True]
    asked = asked or [str(config.get("pooling_mode", "mean"))]
    if asked in (["cls_token"], ["cls"]):
        return True
    if asked in (["mean_tokens"], ["mean"]):
        return False
    raise NotUnderstood(f"its pooling is {' and '.join(asked)}; mean and cls are known")


def _first(prompts: dict[str, Any], names: tuple[str, ...]) -> str:
    return next((str(prompts[name]) for name in names if prompts.get(name)), "")


def _read(path: Path) -> Any:
    """Return what a JSON file holds; an empty table where there is none."""
    return json.loads(path.read_text("utf-8")) if path.is_file() else {}
