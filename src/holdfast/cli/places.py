"""Where `cp` and `mv` put things, as Unix has it: into a directory that stands, else to that name."""

import shlex

from holdfast import Snapshot, Transaction, paths
from holdfast.cli.options import store_path
from holdfast.errors import NotADirectory, NotFound


def targets(tree: Snapshot | Transaction, sources: list[str], target: str) -> list[tuple[str, str]]:
    """Return (source, exact target) for each source, as typed by a person.

    With several sources, or a target that ends in a slash, the target must be a directory; only what is a directory may
    be given a new name that ends in a slash.
    """
    into, place = target.endswith("/"), paths.parse(store_path(target))
    origins = [paths.parse(store_path(source)) for source in sources]
    if tree.exists(place):
        if tree.stat(place).is_dir:
            return [(origin, paths.join(place, paths.split(origin)[1])) for origin in origins]
        if into or len(origins) > 1:
            raise NotADirectory(f"{place} is a file", path=place)
    elif len(origins) > 1 or (into and not tree.stat(origins[0]).is_dir):
        raise NotFound(f"{place} does not exist", path=place, remedy=f"Make it: holdfast mkdir -p {shlex.quote(place)}")
    return [(origin, place) for origin in origins]
