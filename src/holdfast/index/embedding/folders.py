"""Embedders in a folder: model2vec's static models, and sentence encoders in ONNX."""

import os
import re
import threading
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holdfast.bootstrap import EmbedderOptions
from holdfast.errors import InvalidConfig, Unsupported
from holdfast.host.importing import importing

if TYPE_CHECKING:
    from holdfast.index.embedding.embedder import Vectors

#: where an encoder's model is, in the order in which one is chosen
ENCODER_FILES = ("model.onnx", "onnx/model.onnx")
#: files of a folder that change what comes of a text, of either kind
_STATIC_FILES = ("model.safetensors", "tokenizer.json", "config.json")
_ENCODER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "modules.json",
    "1_Pooling/config.json",
    "sentence_bert_config.json",
    "config_sentence_transformers.json",
)
#: hexadecimal digits of a folder's digest in the embedder's name
_DIGITS = 12


def is_encoder(folder: Path) -> bool:
    """Tell whether a folder is that of a sentence encoder."""
    return any((folder / name).is_file() for name in ENCODER_FILES)


class StaticEmbedder:
    """A model2vec model in a local folder."""

    def __init__(self, folder: Path, name: str | None = None) -> None:
        self._folder = folder
        self._name = name
        self._loading = threading.Lock()
        self._loaded: Any = None

    @cached_property
    def name(self) -> str:
        return self._name or name_of(self._folder, _STATIC_FILES)

    @property
    def dimensions(self) -> int:
        return int(self._model().dim)

    def encode(self, texts: list[str]) -> "Vectors":
        with importing():
            import numpy as np

        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        return normalised(self._model().encode(texts))

    def knows(self, word: str) -> bool:
        """Return whether a word is one token of the model's, and not put together of several."""
        return bool(self._model().knows(word))

    def _model(self) -> Any:
        with self._loading:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    def _load(self) -> Any:
        try:
            with importing():
                from holdfast.index.embedding.static_model import StaticModel

            return StaticModel.load(self._folder)
        except Exception as error:  # whatever the loader raises, the cause is a folder that holds no model
            raise InvalidConfig(
                f"the embedder in {self._folder} cannot be loaded: {error}",
                path=str(self._folder),
                remedy="Save it again with model2vec, or export a sentence encoder to model.onnx in that folder;"
                " reinstall Holdfast if it is the built-in one",
            ) from error


class EncoderEmbedder:
    """A sentence encoder in a local folder."""

    def __init__(self, folder: Path, options: EmbedderOptions) -> None:
        self._folder = folder
        self._options = options
        self._loading = threading.Lock()
        self._loaded: Any = None
        self._process = 0

    @cached_property
    def name(self) -> str:
        model = next(name for name in ENCODER_FILES if (self._folder / name).is_file())
        # Weights that are too large for one file lie beside it.
        beside = [f"{model}_data", f"{model}.data"]
        return name_of(self._folder, (model, *beside, *_ENCODER_FILES))

    @property
    def dimensions(self) -> int:
        return int(self._model().dim)

    def encode(self, texts: list[str]) -> "Vectors":
        return normalised(self._model().encode(texts))

    def encode_queries(self, texts: list[str]) -> "Vectors":
        """Return one row per query, with what the model wants before one."""
        return normalised(self._model().encode(texts, query=True))

    def _model(self) -> Any:
        with self._loading:
            if self._process != os.getpid():
                _never_let_go(self._loaded)
                self._loaded, self._process = self._load(), os.getpid()
            return self._loaded

    def _load(self) -> Any:
        try:
            with importing():
                import onnxruntime  # noqa: F401 - to tell its absence from what a folder lacks
        except ImportError as error:
            raise Unsupported(
                f"the sentence encoder in {self._folder} needs the package onnxruntime",
                path=str(self._folder),
                remedy="Install it: pip install 'holdfast[encoder]'",
            ) from error
        try:
            with importing():
                from holdfast.index.embedding.sentence_encoder import SentenceEncoder

            return SentenceEncoder.load(self._folder, threads=self._options.threads)
        except Exception as error:  # whatever the runtime raises, the cause is a folder that holds no such encoder
            raise InvalidConfig(
                f"the sentence encoder in {self._folder} cannot be loaded: {error}",
                path=str(self._folder),
                remedy="Export it again, with its tokenizer.json and the settings of sentence-transformers beside it",
            ) from error


def _never_let_go(inherited: Any) -> None:
    """Keep what a forked child inherited: it has none of its threads, and letting go of it would wait for them."""
    import ctypes

    ctypes.pythonapi.Py_IncRef(ctypes.py_object(inherited))


def name_of(folder: Path, files: Iterable[str]) -> str:
    """Return the name of the embedder in a folder: the folder's, and a digest of those of the files that there are."""
    with importing():
        from blake3 import blake3

    digest = blake3()
    for name in files:
        if (folder / name).is_file():
            digest.update(name.encode() + b"\0")
            digest.update_mmap(folder / name)
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", folder.resolve().name).strip(".-")[:60] or "model"
    return f"{plain}-{digest.hexdigest()[:_DIGITS]}"


def normalised(vectors: Any) -> "Vectors":
    """Return the rows at length 1; rows without direction (zeros, or not numbers) as zeros."""
    with importing():
        import numpy as np

    found = np.nan_to_num(np.asarray(vectors, dtype=np.float32), posinf=0.0, neginf=0.0)
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    out: Vectors = np.divide(found, lengths, out=np.zeros_like(found), where=lengths > 0)
    return out
