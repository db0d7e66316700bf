"""What a person types finds the right document first: the example library, the real model, the default search."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import holdfast
from holdfast.front.store import Store

LIBRARY = Path(__file__).parents[2] / "examples" / "library"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Return a store that holds the example library."""
    with holdfast.create(tmp_path_factory.mktemp("library") / "kb") as store:
        assert not store.add(LIBRARY, workers=1).failed
        yield store


@pytest.mark.parametrize(
    ("query", "document"),
    [
        ("how are stale locks detected", "papers/leases-and-fencing-tokens.pdf"),
        ("lock a path", "guides/path-locks.md"),
        ("how do I make a store", "guides/getting-started.md"),
        ("what does BM25 do", "guides/searching-well.md"),
        ("why is there no undo log", "guides/stage-publish-sweep.md"),
        ("which hash to use", "notes/content-addressing.md"),
        ("reference counting or tracing", "notes/garbage-collection.md"),
        ("forgetting old memories", "notes/memory-for-agents.md"),
        ("write skew", "notes/snapshot-isolation.md"),
        ("fencing tokens", "papers/leases-and-fencing-tokens.pdf"),
        ("redo and undo in a write-ahead log", "papers/write-ahead-logging.pdf"),
        ("does fsync survive a power cut", "reports/fsync-and-power-loss.docx"),
        ("sqlite or postgresql", "reports/choosing-a-catalog-database.docx"),
        ("write amplification", "web/lsm-trees-and-b-trees.html"),
        ("two-phase commit", "web/outbox-or-two-phase-commit.html"),
        ("incidents", "notes/incidents.txt"),
        ("LeaseTable", "code/lease_table.py"),
        ("storage latencies", "data/storage-latencies.csv"),
    ],
)
def test_the_right_document_comes_first(library: Store, query: str, document: str) -> None:
    assert library.search(query)[0].path.endswith(f"/{document}")
