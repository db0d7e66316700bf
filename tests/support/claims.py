"""A graph that is searched: claims with what supports them, some of them filed under a topic."""

from typing import Annotated, Any

from holdfast import Edge, Embed, FullText, Index, Key, Node, Store


class Claim(Node):
    id: Annotated[str, Key]
    text: Annotated[str, FullText, Embed]
    topic: Annotated[str | None, Index] = None
    stars: int = 0


class Source(Node):
    id: Annotated[str, Key]
    title: Annotated[str | None, FullText] = None


class Tag(Node):
    id: Annotated[str, Key]


class SupportedBy(Edge[Claim, Source], on_delete="cascade"):
    quote: Annotated[str | None, Embed] = None


TYPES: tuple[type[Node] | type[Edge[Any, Any]], ...] = (Claim, Source, Tag, SupportedBy)
CLAIMS = (
    Claim(id="disk", text="Solid state disks answer random reads within a millisecond", topic="storage", stars=3),
    Claim(id="tape", text="Tape is the cheapest medium for archives that nobody reads", topic="storage", stars=1),
    Claim(id="lease", text="A lease that is not renewed lets another process take the lock", topic="locks", stars=5),
    Claim(id="fence", text="Fencing tokens keep a paused process from writing late", topic="locks", stars=2),
    Claim(id="bread", text="Sourdough needs a warm place and a day of patience"),
)
SOURCES = (
    Source(id="manual", title="Manual of storage engines"),
    Source(id="paper", title="How to do distributed locks"),
)
SUPPORTS = (
    SupportedBy(source="disk", target="manual", quote="reads take 80 microseconds on flash"),
    SupportedBy(source="lease", target="paper"),
    SupportedBy(source="fence", target="paper"),
)


def with_claims(store: Store) -> Store:
    """Return a store with claims, in the log."""
    store.graph.apply(TYPES)
    store.graph.insert(*CLAIMS, *SOURCES, *SUPPORTS)
    return store


def keys(store: Store, query: str, **asked: object) -> list[object]:
    """Return the keys of the rows that a search finds, in order."""
    return [hit.row.key for hit in store.graph.search(query, **asked)]  # type: ignore[arg-type]
