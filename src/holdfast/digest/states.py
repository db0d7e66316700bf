"""The state of a directory: a hash over what is in it, without any names.

Two directories that hold the same have the same state, so a rename or a move of a whole subtree changes none of the
states below it, and a change only those above it.
"""

from dataclasses import dataclass

from blake3 import blake3

from holdfast.catalog.entries import Entry
from holdfast.tree.walking import TreeView


@dataclass(frozen=True, slots=True)
class Folder:
    """A directory and the state it is in."""

    node_id: int
    state_id: str
    #: contents of the files directly in it, sorted; one that is there twice is there twice
    contents: tuple[str, ...]
    #: states of the directories directly in it, sorted
    folders: tuple[str, ...]


def survey(view: TreeView, top: Entry) -> list[Folder]:
    """Return the directory `top` and all below it, each after those that are in it."""
    order, listings = [top], dict[int, list[Entry]]()
    # The list grows while it is walked: breadth first, so that its reverse has children before parents.
    for directory in order:
        listings[directory.node_id] = view.children(directory.node_id)
        order.extend(entry for entry in listings[directory.node_id] if entry.is_dir)
    found: dict[int, Folder] = {}
    for directory in reversed(order):
        listing = listings[directory.node_id]
        files = sorted(entry.content_id for entry in listing if entry.content_id is not None)
        folders = sorted(found[entry.node_id].state_id for entry in listing if entry.is_dir)
        found[directory.node_id] = Folder(directory.node_id, _state(files, folders), tuple(files), tuple(folders))
    return list(found.values())


def _state(files: list[str], folders: list[str]) -> str:
    return "tree:" + blake3("\n".join(["files", *files, "folders", *folders]).encode()).hexdigest()
