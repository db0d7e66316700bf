"""What the tests of adding share: servers on loopback, well-behaved and not, and a folder to add."""

import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support.adding import tree
from tests.support.web import Pages, Replies


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    """Return a folder with a few plain documents."""
    return tree(
        tmp_path / "papers",
        {"a.md": "# Leases\n\nA lease is a lock with an end.", "b.txt": "tokens grow", "deep/c.py": "def fence(): ..."},
    )


@pytest.fixture
def server() -> Iterator[str]:
    """Return the address of a running server."""
    running = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    thread.join()
    running.server_close()


@pytest.fixture(scope="module")
def replies() -> Iterator[Replies]:
    """Return a server that answers what it is told to."""
    running = Replies()
    yield running
    running.close()
