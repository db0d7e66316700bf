"""What is remembered: the memories in a store's tree."""

from dataclasses import replace

from holdfast import paths
from holdfast.sessions.memory import ROOT, Memory, from_markdown
from holdfast.tree.reading import Reads


def read_memories(reads: Reads) -> dict[str, Memory]:
    """Return all memories by path, in order of path; other files under /memories are none."""
    found = {}
    for info in reads.tree(ROOT) if reads.exists(ROOT) else ():
        names = paths.names(info.path)
        if not info.is_dir and info.name.endswith(".md") and len(names) == 3:
            text = reads.read(info.path).decode("utf-8", "replace")
            found[info.path] = replace(from_markdown(text, names[1]), path=info.path)
    return found
