"""The embedder that a store has chosen: its name, where it is loaded from, and how it is run."""

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Protocol, runtime_checkable

from holdfast.bootstrap import EmbedderOptions
from holdfast.errors import InvalidConfig
from holdfast.index.embedding.embedder import BUILT_IN, ENDPOINT, Embedder, absolute, load_embedder

#: numbers of a vector of the built-in model
BUILT_IN_DIMENSIONS = 256


@runtime_checkable
class KnowsLittle(Protocol):
    """An embedder that would have to ask for the number of its dimensions."""

    def expect(self, dimensions: int, cache: Path | None = None) -> None:
        """Take the number of dimensions, and a folder to keep vectors in."""
        ...


@dataclass(frozen=True, slots=True)
class ChosenEmbedder:
    """An embedder before it is loaded."""

    #: what its rows are kept under
    name: str
    #: what it is loaded by
    address: str
    dimensions: int
    options: EmbedderOptions = field(default_factory=EmbedderOptions)
    #: the folder where vectors of an endpoint are kept; empty for none
    cache: str = ""

    def load(self) -> Embedder:
        """Return the embedder; raises InvalidConfig when there is another one at its address by now, or none."""
        try:
            found = load_embedder(self.address, self.options)
        except InvalidConfig as error:
            raise InvalidConfig(
                f"This store's rows are of the embedder {self.name}: {error.message}",
                path=self.address,
                remedy=f"Put it back, or say where it is now, or choose another: {_remedy()}",
            ) from error
        if found.name != self.name:
            raise InvalidConfig(
                f"This store's rows are of the embedder {self.name}, and {self.address} is {found.name} now",
                path=self.address,
                remedy=f"Put the former one back, or make the rows anew: {_remedy()}",
            )
        if isinstance(found, KnowsLittle):
            found.expect(self.dimensions, Path(self.cache) if self.cache else None)
        return found

    def warm_up(self) -> None:
        """Load the model now rather than with the first text; an endpoint has none to be loaded."""
        if not self.is_remote:
            self.load().encode(["warm"])

    @property
    def is_remote(self) -> bool:
        """Whether texts are sent somewhere to be embedded."""
        return self.address.startswith(ENDPOINT)

    def run_by(self, options: EmbedderOptions) -> "ChosenEmbedder":
        """Return the same embedder, run otherwise."""
        return replace(self, options=options)

    def at(self, name: str, address: str, dimensions: int) -> "ChosenEmbedder":
        """Return another embedder, run as this one is."""
        return replace(self, name=name, address=address, dimensions=dimensions)

    def to_json(self) -> str:
        """Return all of this as one line of JSON."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str) -> "ChosenEmbedder":
        """Return what `to_json` wrote."""
        found = json.loads(text)
        return ChosenEmbedder(**{**found, "options": EmbedderOptions(**found["options"])})


#: what a store begins with unless told
STANDARD = ChosenEmbedder(BUILT_IN, BUILT_IN, BUILT_IN_DIMENSIONS)


def choose(address: str | None, options: EmbedderOptions | None = None) -> ChosenEmbedder:
    """Return the embedder at an address, which is loaded to see that it can be; None is the built-in one."""
    options = options or EmbedderOptions()
    if address is None or address == BUILT_IN:
        return STANDARD.run_by(options)
    where = absolute(address)
    found = load_embedder(where, options)
    return ChosenEmbedder(found.name, where, found.dimensions, options)


def _remedy() -> str:
    return "holdfast reindex --embedder ADDRESS"
