"""Reading properties off a tree, committed or not."""

import json
from typing import Any

from holdfast import paths
from holdfast.catalog.entries import ROOT_ENTRY, ROOT_SLOT, Entry
from holdfast.tree import walking
from holdfast.tree.walking import TreeView


def bearer(view: TreeView, path: str) -> Entry:
    """Return the entry at a parsed path with what it has of properties; raises NotFound or NotADirectory.

    The root is an entry of its own once it has some.
    """
    if path == paths.ROOT:
        return view.child(*ROOT_SLOT) or ROOT_ENTRY
    return walking.need(view, path)


def properties_of(view: TreeView, entry: Entry) -> dict[str, Any]:
    """Return the properties of an entry, empty when it has none."""
    if entry.properties_id is None:
        return {}
    found: dict[str, Any] = json.loads(view.property_texts([entry.properties_id])[entry.properties_id])
    return found


def properties_at(view: TreeView, path: str) -> dict[str, Any]:
    """Return the properties of what stands at a parsed path; raises NotFound or NotADirectory."""
    return properties_of(view, bearer(view, path))
