"""What a store shows, in forms that tests compare."""

from holdfast.front.store import Store
from holdfast.testing.seams import rooms
from holdfast.tree.reading import Reads

STANDARD = ("/memories", "/resources", "/sessions", "/skills", "/wiki")


def contents_of(reads: Reads | Store) -> dict[str, bytes | None]:
    """Return what stands at every path: bytes of a file, None for a directory; the standard ones are left out."""
    return {
        info.path: None if info.is_dir else reads.read(info.path)
        for info in reads.tree("/")
        if info.path not in STANDARD
    }


def paths_of(reads: Reads | Store) -> list[str]:
    """Return every path, the standard directories left out."""
    return [info.path for info in reads.tree("/") if info.path not in STANDARD]


def entry_rows(store: Store) -> tuple[int, int]:
    """Return how many rows of the tree have been begun, and how many of them have ended."""
    with rooms(store).engine.read() as conn:
        row = conn.row("SELECT count(*), sum(to_seq < 9223372036854775807) FROM entries")
    assert row is not None
    return row[0], row[1]


def head(store: Store) -> int:
    """Return the seq of the newest commit."""
    return store.commit_at().id
