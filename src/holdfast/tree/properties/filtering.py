"""Which files and directories of a tree meet a condition on their properties."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from holdfast import paths
from holdfast.catalog.engine import batches
from holdfast.catalog.entries import Entry
from holdfast.catalog.properties import matching
from holdfast.catalog.properties.conditions import Condition
from holdfast.catalog.properties.stored import PropertySet
from holdfast.tree.committed import CommittedTree
from holdfast.tree.places import Places
from holdfast.tree.properties.checking import stored_set
from holdfast.tree.walking import TreeView

#: entries whose properties are read together
BATCH = 200


def kept(
    view: TreeView, found: Iterable[tuple[str, Entry]], condition: Condition | None
) -> Iterator[tuple[str, Entry]]:
    """Return those of some (path, entry) whose properties meet a condition, in their order; all without one."""
    return iter(found) if condition is None else _meeting(view, found, condition)


def _meeting(view: TreeView, found: Iterable[tuple[str, Entry]], condition: Condition) -> Iterator[tuple[str, Entry]]:
    known: dict[str | None, bool] = {None: condition.holds({})}
    for batch in batches(found, BATCH):
        asked = {entry.properties_id for _, entry in batch if entry.properties_id} - known.keys()
        for each, text in view.property_texts(asked).items():
            known[each] = condition.holds(_by_key(stored_set(text)))
        yield from (each for each in batch if known.get(each[1].properties_id, False))


def chosen(
    view: TreeView, condition: Condition | None, wanted: Callable[[str], bool], given: tuple[str, tuple[str, ...]]
) -> Iterator[tuple[str, Entry]] | None:
    """Return the (path, entry) of what meets a condition at wanted paths, in the order of a walk.

    With `given`, a directory and names from there on, only what comes after those. None when it cannot be asked of the
    catalog: the condition is met without properties too, or the tree has changes that the catalog does not know.
    """
    if condition is None or not isinstance(view, CommittedTree):
        return None
    with view.in_one_read() as tree, tree.read() as conn:
        entries = matching.entries_where(conn, tree.branch, tree.seq, condition)
        if entries is None:
            return None
        places = Places(tree)
        places.load(entry.parent_id for entry in entries)
        named = [(path, entry) for entry in entries if (path := places.path_of(entry)) is not None]
    top, rest = given
    last = [*paths.names(top), *rest] if rest else []
    found = sorted((paths.names(path), path, entry) for path, entry in named if wanted(path))
    return ((path, entry) for names, path, entry in found if names > last)


def _by_key(found: PropertySet | None) -> dict[str, set[str]]:
    values = defaultdict[str, set[str]](set)
    for key, value in found.values if found else ():
        values[key].add(value)
    return values
