"""Which documents rows are extracted from, and which they were extracted from already."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from holdfast import paths
from holdfast.backend import Backend
from holdfast.catalog import entries
from holdfast.catalog.branches import Branch
from holdfast.catalog.engine import Connection, batches
from holdfast.catalog.entries import Entry
from holdfast.catalog.graph import log
from holdfast.catalog.graph.log import LogSpan
from holdfast.catalog.work import digests, jobs
from holdfast.catalog.work.enqueueing import NewJob
from holdfast.faults import point
from holdfast.tree import walking
from holdfast.tree.committed import CommittedTree
from holdfast.tree.places import Places

#: the kind of the jobs
EXTRACT = "extract"
#: jobs that are written in one go
JOBS_AT_ONCE = 500
#: places of one content that rows are said to rest on
MAX_PLACES = 100


@dataclass(frozen=True, kw_only=True)
class ExtractionOrder:
    """What is to be extracted from where."""

    #: a parsed path
    under: str
    #: names of types
    types: tuple[str, ...]
    #: what stays the same while documents are asked the same
    asked: str
    #: whether documents are asked again that were before
    again: bool = False


def enqueue(backend: Backend, branch: Branch, order: ExtractionOrder) -> list[int]:
    """Write a job for each content with text that stands where the order says and was not asked yet; returns their ids.

    Raises NotFound when nothing stands there.
    """
    tree = CommittedTree.lasting_at_head(backend.engine.read, branch)
    done = set() if order.again else _extracted(backend, tree, order.asked)
    found: list[int] = []
    told: set[str] = set()
    for some in batches(_files(tree, order.under), JOBS_AT_ONCE):
        new = dict.fromkeys(each.content_id or "" for each in some if _place(each.node_id, each.content_id) not in done)
        with backend.engine.read() as conn:
            texts = digests.markdown_of(conn, new)
        wanted = [content for content in new if content in texts and content not in told]
        told.update(wanted)
        point("extract.before_enqueue")
        with backend.engine.write() as conn:
            found += [_enqueue(conn, backend, branch, order, content) for content in wanted]
    backend.hooks.announce_published()
    return found


def places_of(tree: CommittedTree, under: str, content: str) -> dict[int, str]:
    """Return the paths, by node, at which a content stands at or below a parsed path."""
    found: dict[int, str] = {}
    with tree.in_one_read() as inside:
        with inside.read() as conn:
            standing = entries.of_contents(conn, tree.branch, tree.seq, [content], MAX_PLACES)
        places = Places(inside)
        for each in standing:
            parent, entry = places.path(each.parent_id), inside.child(each.parent_id, each.name)
            if parent is not None and entry is not None and paths.is_within(paths.join(parent, each.name), under):
                found[entry.node_id] = paths.join(parent, each.name)
    return found


def note(conn: Connection, branch: Branch, commit: int, asked: str, places: Iterable[tuple[int, str]]) -> None:
    """Note in a commit that files, each with its content, were asked."""
    values = [(log.EXTRACTED, f"extracted:{asked}", _place(node, content)) for node, content in places]
    log.write_values(conn, branch, commit, values)


def _extracted(backend: Backend, tree: CommittedTree, asked: str) -> set[str]:
    with backend.engine.read() as conn:
        return log.with_value(conn, LogSpan(tree.branch, 0, tree.seq), log.EXTRACTED, [f"extracted:{asked}"])


def _place(node: int, content: str | None) -> str:
    return f"{node}:{content}"


def _files(tree: CommittedTree, under: str) -> Iterator[Entry]:
    walking.need(tree, under)
    yield from (each for _, each in _walked(tree, under) if each.content_id is not None)


def _walked(tree: CommittedTree, under: str) -> Iterator[tuple[str, Entry]]:
    top = walking.need(tree, under)
    if top.is_dir:
        yield from walking.walk(tree, top, under)
    else:
        yield paths.parse(under), top


def _enqueue(conn: Connection, backend: Backend, branch: Branch, order: ExtractionOrder, content: str) -> int:
    payload = {"content": content, "under": order.under, "types": list(order.types), "again": order.again}
    asked = f"{EXTRACT}:{order.asked}:{content}:"
    # One after another, on whatever branch and below whatever path: what the first is answered is kept for the others.
    after = max(jobs.unended_with_prefix(conn, asked), default=None)
    new = NewJob(kind=EXTRACT, payload=payload, key=f"{asked}{order.under}", after=after)
    return jobs.enqueue(conn, branch, new, backend.clock.now())
