"""What is remembered: the memories in a store's tree."""

from collections.abc import Iterator
from dataclasses import replace

from holdfast import paths
from holdfast.sessions.memory import ROOT, Memory, from_markdown
from holdfast.tree.reading import FileInfo, Reads


def read_memories(reads: Reads) -> dict[str, Memory]:
    """Return all memories by path, in order of path; other files under /memories are none."""
    return {memory.path: memory for memory in each_memory(reads)}


def each_memory(reads: Reads, kind: str | None = None, after: str | None = None) -> Iterator[Memory]:
    """Yield memories, all or of one kind, in order of path, those that come after the path `after`; read one by one."""
    if reads.exists(ROOT):
        for info in reads.tree(ROOT, after=after):
            memory = memory_at(reads, info)
            if memory is not None and kind in (None, memory.kind):
                yield memory


def memory_at(reads: Reads, info: FileInfo) -> Memory | None:
    """Return the memory in a file, or None when it is none: a memory stands at /memories/KIND/NAME.md."""
    names = paths.names(info.path)
    if info.is_dir or not info.name.endswith(".md") or len(names) != 3 or not paths.is_within(info.path, ROOT):
        return None
    text = reads.read(info.path).decode("utf-8", "replace")
    return replace(from_markdown(text, names[1]), path=info.path)
