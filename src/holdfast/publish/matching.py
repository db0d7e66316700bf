"""Changes on a condition: that what stands at a path is still what the caller knows (`if_match`)."""

from dataclasses import replace

from holdfast.catalog.commits import Commit
from holdfast.catalog.entries import Entry
from holdfast.errors import Conflict, InvalidPath, NotADirectory
from holdfast.tree import walking
from holdfast.tree.committed import CommittedTree
from holdfast.tree.walking import TreeView

#: what a caller knows of a file: the id of its content, or a commit since which it has not changed
IfMatch = Commit | int | str


def check_match(view: TreeView, tree: CommittedTree, path: str, known: IfMatch | None) -> None:
    """Raise Conflict unless what stands at a parsed path in `view` is what is `known` of it; InvalidPath for "".

    `tree` is the committed one that the view began on.
    """
    if known is None:
        return
    if known == "":
        raise InvalidPath(
            "An empty `if_match` names no content",
            path=path,
            remedy="Give the file's content id or a commit, or None for a change on no condition",
        )
    now = _at(view, path)
    remedy = "Read it again, and decide anew"
    if now is None:
        raise Conflict(f"{path} is not there any more", path=path, remedy=remedy)
    if isinstance(known, str):
        if now.content_id != known:
            raise Conflict(f"{path} does not hold the content {known} any more", path=path, remedy=remedy)
        return
    seq = known.id if isinstance(known, Commit) else known
    then = _at(replace(tree, seq=seq), path) if 0 < seq <= tree.seq else None
    if then is None or (then.entry_id, then.content_id) != (now.entry_id, now.content_id):
        raise Conflict(f"{path} is not what it was at commit {seq}", path=path, remedy=remedy)


def _at(view: TreeView, path: str) -> Entry | None:
    try:
        return walking.find(view, path)
    except NotADirectory:
        return None
