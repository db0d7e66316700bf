"""Text into vectors: the port, and which embedder an address means.

An embedder has an *address*, by which it is loaded, and a *name*, which its vectors are kept under:

- `static-minilm-256-v2-int8`: the model in this package; needs no network, no key and no download;
- `static-minilm-256-int8`: the one before it, which stores of then are keyed by. It is not in the package any more: its
  successor has the same axes, and finds its vectors no worse than its own queries did (docs/search.md), until `reindex`
  has made them anew;
- a path with a separator in it (`./models/mine`): a folder that model2vec saved, or one of a sentence encoder in ONNX
  (needs `pip install 'holdfast[encoder]'`);
- `owner/model`: such a folder that a model hub's client has downloaded already;
- `openai:MODEL` or `openai:MODEL@URL`: an endpoint that speaks OpenAI's API (endpoint.py).

The name of a folder ends in a digest of what is in it: another model in the same place is another embedder, and the
same model in another place is not. Nothing here downloads anything: an address that is none of these is refused.
"""

import os
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from holdfast.bootstrap import EmbedderOptions
from holdfast.errors import InvalidConfig
from holdfast.host.importing import importing
from holdfast.index.embedding.folders import EncoderEmbedder, StaticEmbedder, is_encoder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from holdfast.index.embedding.endpoint import EndpointEmbedder

    Vectors = NDArray[np.float32]

#: the model shipped in the package
BUILT_IN = "static-minilm-256-v2-int8"
#: names of those that were shipped before it, whose vectors it may be compared with
PREDECESSORS = ("static-minilm-256-int8",)
MODELS = Path(__file__).parent / "models"
#: what the address of an endpoint begins with
ENDPOINT = "openai:"


@runtime_checkable
class Embedder(Protocol):
    """What Holdfast asks of a text-embedding model. Implementations may be called from several threads at once."""

    @property
    def name(self) -> str:
        """Return what its vectors are kept under; vectors are compared only with vectors of the same name."""
        ...

    @property
    def dimensions(self) -> int:
        """Return the length of every vector."""
        ...

    def encode(self, texts: list[str]) -> "Vectors":
        """Return one row per text, float32, each of length 1; a text without words gives a row of zeros."""
        ...


@runtime_checkable
class EncodesQueries(Protocol):
    """An embedder that has another vector for a text that is a query."""

    def encode_queries(self, texts: list[str]) -> "Vectors":
        """Return one row per query, as `encode` does."""
        ...


def query_vectors(embedder: Embedder, queries: list[str]) -> "Vectors":
    """Return one row per query."""
    if isinstance(embedder, EncodesQueries):
        return embedder.encode_queries(queries)
    return embedder.encode(queries)


def load_embedder(address: str = BUILT_IN, options: EmbedderOptions | None = None) -> Embedder:
    """Return the embedder at that address; the same object every time in one process.

    Raises InvalidConfig if there is none. Loading the model itself waits for its first use.
    """
    options = options or EmbedderOptions()
    if address.startswith(ENDPOINT):
        return _endpoint(address, options)
    if address in (BUILT_IN, *PREDECESSORS):
        return _built_in(address)
    return _in_folder(_folder_of(address), options)


def absolute(address: str) -> str:
    """Return an address that means the same wherever a process runs."""
    if address.startswith(ENDPOINT) or address in (BUILT_IN, *PREDECESSORS) or not _is_path(address):
        return address
    return str(Path(address).expanduser().absolute())


@lru_cache(maxsize=8)
def _built_in(name: str) -> StaticEmbedder:
    return StaticEmbedder(MODELS / BUILT_IN, name)


@lru_cache(maxsize=8)
def _in_folder(folder: Path, options: EmbedderOptions) -> StaticEmbedder | EncoderEmbedder:
    return EncoderEmbedder(folder, options) if is_encoder(folder) else StaticEmbedder(folder)


@lru_cache(maxsize=8)
def _endpoint(address: str, options: EmbedderOptions) -> "EndpointEmbedder":
    from holdfast.index.embedding.endpoint import EndpointEmbedder

    model, _, url = address.removeprefix(ENDPOINT).partition("@")
    return EndpointEmbedder(model, url, options)


def forget_embedders() -> None:
    """Let go of the models in folders, so that what is in them now is what is loaded next."""
    _in_folder.cache_clear()


def _is_path(address: str) -> bool:
    return Path(address).is_absolute() or address.startswith((".", "~")) or Path(address).is_dir()


def _folder_of(address: str) -> Path:
    path = Path(address).expanduser()
    has_separator = "/" in address or os.sep in address
    if has_separator and ((path / "config.json").is_file() or is_encoder(path)):
        return path.absolute()
    if address.count("/") == 1 and not _is_path(address) and (found := _downloaded(address)) is not None:
        return found
    raise InvalidConfig(
        f"there is no embedder named {address!r}",
        path=address,
        remedy=f"Use {BUILT_IN!r}, the path of a folder (saved by model2vec, or with a model.onnx and a"
        " tokenizer.json in it), the name of a model that is downloaded already, or 'openai:MODEL'",
    )


def _downloaded(name: str) -> Path | None:
    """Return the folder of a model that the hub's client downloaded earlier; nothing is asked of the hub."""
    try:
        with importing():
            from huggingface_hub import try_to_load_from_cache
    except ImportError:
        return None
    try:
        found = try_to_load_from_cache(name, "config.json")
    except ValueError:
        return None
    return Path(found).parent if isinstance(found, str) else None
