"""Folders to add, and what was added."""

import os
from pathlib import Path

from holdfast.front.store import Store


def tree(root: Path, files: dict[str, str | bytes]) -> Path:
    """Write files of these names and contents, changed long ago."""
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        os.utime(path, ns=(10**18, 10**18))
    return root


def files_of(store: Store) -> dict[str, bytes]:
    """Return the files below /resources with their bytes."""
    return {info.path: store.read(info.path) for info in store.tree("/resources") if not info.is_dir}
