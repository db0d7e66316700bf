"""A plan of a merge put on an overlay."""

from dataclasses import replace

from holdfast import paths
from holdfast.catalog.entries import Entry
from holdfast.tree import walking
from holdfast.tree.merging.plan import MergePlan
from holdfast.tree.overlay import Overlay


def apply(plan: MergePlan, overlay: Overlay) -> None:
    """Change an overlay on our tree as a plan says."""
    overlay.property_sets.update(plan.property_sets)
    overlay.know(plan.sides.ours.known())
    for node in plan.removed:
        _vacate(plan, overlay, node)
    for directory in plan.emptied:
        for child in plan.sides.ours.tree.children(directory):
            overlay.put((directory, child.name), None)
    for node, entry in plan.placed.items():
        was = plan.sides.ours.entry(node)
        if was is not None and (was.parent_id, was.name) != (entry.parent_id, entry.name):
            _vacate(plan, overlay, node)
    for node, entry in plan.placed.items():
        _fill(plan, overlay, node, entry)
    for node, entry in plan.placed.items():
        if entry.is_dir and plan.ours(node) is None and plan.sides.ours.tree.has_children(node):
            _see_again(overlay, entry)


def _vacate(plan: MergePlan, overlay: Overlay, node: int) -> None:
    was, path = plan.sides.ours.entry(node), plan.sides.ours.path(node)
    assert was is not None
    if path is not None:
        overlay.claim(path, deep=was.is_dir)
    overlay.put((was.parent_id, was.name), None)


def _fill(plan: MergePlan, overlay: Overlay, node: int, entry: Entry) -> None:
    if plan.is_gone(node):
        return
    path = plan.path(node)
    overlay.claim(path, deep=False)
    if plan.ours(node) is not None and plan.sides.ours.path(node) != path:
        # As for a move: what is under a lock gets nothing that comes from elsewhere.
        overlay.claim(paths.split(path)[0], deep=False)
    overlay.put((entry.parent_id, entry.name), replace(entry, entry_id=0, from_seq=0))
    if entry.content_id is not None:
        overlay.seen_again.add(entry.content_id)


def _see_again(overlay: Overlay, directory: Entry) -> None:
    """Note the contents of what was out of sight below a directory that comes back."""
    for _, entry in walking.walk(overlay, directory, paths.ROOT):
        if entry.content_id is not None:
            overlay.seen_again.add(entry.content_id)
            overlay.brought_back.add(entry.node_id)
