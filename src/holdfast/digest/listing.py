"""Abstracts beside a listing: only what is stored, as a listing must not wait for anything."""

from collections.abc import Sequence

from holdfast.backend import Backend
from holdfast.catalog.branches import Branch
from holdfast.catalog.work import digests
from holdfast.digest.digest import ABSTRACT
from holdfast.tree.reading import FileInfo


def stored_abstracts(backend: Backend, branch: Branch, listed: Sequence[FileInfo], at: int) -> dict[str, str]:
    """Return the stored abstracts of what is listed by path; that of a directory says which commit it describes."""
    with backend.engine.read() as conn:
        contents = dict.fromkeys(info.content_id for info in listed if info.content_id is not None)
        texts = digests.newest_texts(conn, contents, ABSTRACT)
        folders = {
            info.path: digests.newest_of_node(conn, branch, info.id, ABSTRACT, at) for info in listed if info.is_dir
        }
    found = {info.path: texts[info.content_id] for info in listed if info.content_id in texts}
    return found | {
        path: f"{old.text} (at commit {old.commit_seq})" for path, old in folders.items() if old is not None
    }
