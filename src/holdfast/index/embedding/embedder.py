"""Text into vectors: the port, the built-in model, other model2vec folders, OpenAI-compatible endpoints.

An embedder is named by a string, which is also what its Lance table is keyed by:

- `static-minilm-256-v2-int8`: the model in this package; needs no network, no key and no download;
- `static-minilm-256-int8`: the one before it, which stores of then are keyed by. It is not in the package any more: its
  successor has the same axes, and finds its vectors no worse than its own queries did (docs/search.md), until `reindex`
  has made them anew;
- a path with a separator in it (`./models/mine`): a folder that model2vec saved;
- `openai:MODEL` or `openai:MODEL@URL`: an endpoint that speaks OpenAI's API; needs `pip install openai`.
  The key, and the address if none is given, are those that the `openai` client finds by itself.

Nothing here downloads anything: a name that is none of these is refused, never looked up on a model hub.
"""

import threading
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from holdfast.errors import InvalidConfig, ProviderFailed, Unsupported
from holdfast.host.importing import importing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

#: the model shipped in the package
BUILT_IN = "static-minilm-256-v2-int8"
#: names of those that were shipped before it, whose vectors it may be compared with
PREDECESSORS = ("static-minilm-256-int8",)
MODELS = Path(__file__).parent / "models"
#: texts per request to an endpoint
_REQUEST_SIZE = 256
#: seconds one request may take
_REQUEST_TIMEOUT = 60.0


@runtime_checkable
class Embedder(Protocol):
    """What Holdfast asks of a text-embedding model. Implementations may be called from several threads at once."""

    @property
    def name(self) -> str:
        """Return what `load_embedder` loads this by; vectors are compared only with vectors of the same name."""
        ...

    @property
    def dimensions(self) -> int:
        """Return the length of every vector."""
        ...

    def encode(self, texts: list[str]) -> "Vectors":
        """Return one row per text, float32, each of length 1; a text without words gives a row of zeros."""
        ...


def load_embedder(name: str = BUILT_IN) -> Embedder:
    """Return the embedder of that name; the same object every time in one process.

    Raises InvalidConfig if there is none of that name. Loading the model itself waits for its first use.
    """
    if name.startswith("openai:"):
        model, _, url = name.removeprefix("openai:").partition("@")
        return _endpoint(model, url)
    return _folder(name)


@lru_cache(maxsize=8)
def _folder(name: str) -> "StaticEmbedder":
    return StaticEmbedder(name, MODELS / BUILT_IN if name in (BUILT_IN, *PREDECESSORS) else _folder_of(name))


@lru_cache(maxsize=8)
def _endpoint(model: str, url: str) -> "OpenAIEmbedder":
    return OpenAIEmbedder(model, url)


def _folder_of(name: str) -> Path:
    path = Path(name).expanduser()
    if ("/" in name or "\\" in name) and (path / "config.json").is_file():
        return path
    raise InvalidConfig(
        f"there is no embedder named {name!r}",
        path=name,
        remedy=f"Use {BUILT_IN!r}, the path of a folder saved by model2vec, or 'openai:MODEL'",
    )


class StaticEmbedder:
    """A model2vec model in a local folder."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self._folder = folder
        self._loading = threading.Lock()
        self._loaded: Any = None

    @property
    def dimensions(self) -> int:
        return int(self._model().dim)

    def encode(self, texts: list[str]) -> "Vectors":
        with importing():
            import numpy as np

        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        return _normalised(self._model().encode(texts))

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
                remedy="Save it again with model2vec, or reinstall Holdfast if it is the built-in one",
            ) from error


class OpenAIEmbedder:
    """A model behind an endpoint that speaks OpenAI's embeddings API."""

    def __init__(self, model: str, url: str = "") -> None:
        self.name: str = f"openai:{model}@{url}" if url else f"openai:{model}"
        self._model = model
        self._url = url
        self._starting = threading.Lock()
        self._started: Any = None
        self._dimensions = 0

    @property
    def dimensions(self) -> int:
        if not self._dimensions:
            self._dimensions = self.encode(["dimensions"]).shape[1]
        return self._dimensions

    def encode(self, texts: list[str]) -> "Vectors":
        with importing():
            import numpy as np

        rows: list[list[float] | None] = [None] * len(texts)
        # Endpoints refuse empty texts.
        asked = [position for position, text in enumerate(texts) if text.strip()]
        for first in range(0, len(asked), _REQUEST_SIZE):
            positions = asked[first : first + _REQUEST_SIZE]
            for position, row in zip(positions, self._request([texts[p] for p in positions]), strict=True):
                rows[position] = row
        width = next((len(row) for row in rows if row), 0) or self.dimensions
        return _normalised(np.array([row or [0.0] * width for row in rows], dtype=np.float32).reshape(-1, width))

    def close(self) -> None:
        """Let go of the connections; the next call opens new ones."""
        with self._starting:
            if self._started is not None:
                self._started.close()
                self._started = None

    def _request(self, texts: list[str]) -> list[list[float]]:
        openai = _openai()
        try:
            answer = self._client().embeddings.create(model=self._model, input=texts, encoding_format="float")
        except openai.OpenAIError as error:
            raise ProviderFailed(f"embedding with {self.name} failed: {error}", path=self.name) from error
        if len(answer.data) != len(texts):
            raise ProviderFailed(f"{self.name} gave {len(answer.data)} vectors for {len(texts)} texts", path=self.name)
        return [item.embedding for item in sorted(answer.data, key=lambda item: item.index)]

    def _client(self) -> Any:
        with self._starting:
            if self._started is None:
                self._started = _openai().OpenAI(base_url=self._url or None, timeout=_REQUEST_TIMEOUT)
            return self._started


def _openai() -> Any:
    try:
        with importing():
            import openai
    except ImportError as error:
        raise Unsupported(
            "embedding through an endpoint needs the package openai", remedy="Install it: pip install openai"
        ) from error
    return openai


def _normalised(vectors: Any) -> "Vectors":
    """Return the rows at length 1; rows without direction (zeros, or not numbers) as zeros."""
    with importing():
        import numpy as np

    found = np.nan_to_num(np.asarray(vectors, dtype=np.float32), posinf=0.0, neginf=0.0)
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    out: Vectors = np.divide(found, lengths, out=np.zeros_like(found), where=lengths > 0)
    return out
