"""What a commit stages: large bytes become blobs, and many search rows are appended to the table.

Small things need no staging: bytes up to 64 KiB and a few search rows go into the catalog in the publish itself.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from holdfast.backend import Backend
from holdfast.catalog import contents, search_rows
from holdfast.catalog.contents import Content, Rendition
from holdfast.catalog.engine import Connection
from holdfast.catalog.search_rows import TailRow
from holdfast.documents import Body, Draft
from holdfast.host.held import held
from holdfast.publish.publication import Publication, StagingOutdated, begun

#: the kind of the job that makes vectors which could not be made when rows were written, and times it is tried
EMBED, EMBED_ATTEMPTS = "embed", 1000
#: search rows of one commit that may go to the tail; more are appended to the table directly
TAIL_ROWS_PER_COMMIT = 256


@dataclass
class StagedCommit:
    """What one publish will refer to, all of it durable or about to be written by the publish itself."""

    #: contents to insert, with their bytes when inline
    contents: list[tuple[Content, bytes | None]] = field(default_factory=list)
    renditions: list[Rendition] = field(default_factory=list)
    tail_rows: list[TailRow] = field(default_factory=list)
    #: (content, chunks) that become searchable
    searchable: dict[str, int] = field(default_factory=dict)
    #: where their rows are found: in the tail, or in the table when they were appended to it
    place: str = search_rows.TAIL
    #: contents that the catalog had already, upon which the publish relies
    relied: set[str] = field(default_factory=set)
    #: the embedder that its rows are for
    embedder: str = ""
    #: contents whose rows have no vectors yet
    waiting: set[str] = field(default_factory=set)
    publication: Publication = field(init=False)

    @property
    def fresh(self) -> set[str]:
        """The contents to insert."""
        return {content.content_id for content, _ in self.contents}

    def derive(self, draft: Draft) -> dict[str, Body]:
        """Take what is derived from a draft; returns the bodies that hold its renditions, by content id."""
        derived = draft.derived
        rows = derived.rows_for(self.embedder)
        self.searchable[draft.body.content_id] = len(rows)
        self.tail_rows.extend(rows)
        self.waiting.update(row.content_id for row in rows if not row.vector)
        self.renditions.extend(rendition for rendition, _ in derived.renditions)
        return {body.content_id: body for _, body in derived.renditions}

    def write(self, conn: Connection, embedder: str, at: float) -> None:
        """Write the rows of what was staged, inside the publish."""
        contents.insert(conn, self.contents)
        contents.insert_renditions(conn, self.renditions, at)
        if self.tail_rows:
            search_rows.append_tail(conn, embedder, self.tail_rows)
        self.publication.pin_appends(conn)
        search_rows.set_place(conn, embedder, self.place, self.searchable.items())
        search_rows.wait_for_vectors(conn, embedder, self.waiting)


@held
def staging(backend: Backend, drafts: Iterable[Draft], actor: str) -> Iterator[StagedCommit]:
    """Begin the publication of a commit, and stage its drafts for it."""
    staged = StagedCommit(embedder=backend.embedder)
    bodies = _plan(backend, drafts, staged)
    # What was there already may have been put by a process that does not wait for the disk.
    for content_id in sorted(staged.relied & bodies.keys()):
        if not bodies[content_id].content.inline:
            backend.blobs.settle(content_id)
    large = [bodies[content.content_id] for content, data in staged.contents if data is None]
    many = len(staged.tail_rows) > TAIL_ROWS_PER_COMMIT
    with begun(backend, "publish", actor, blobs=large, tables=many) as staged.publication:
        if staged.publication.embedder != staged.embedder:
            raise StagingOutdated
        if many:
            rows, staged.tail_rows = staged.tail_rows, []
            staged.publication.append(backend.tables.live, rows)
            staged.place = search_rows.TABLE
        yield staged


def _plan(backend: Backend, drafts: Iterable[Draft], staged: StagedCommit) -> dict[str, Body]:
    """Decide what is new; derive from it. Returns the bodies by content id."""
    by_id = {draft.body.content_id: draft for draft in drafts}
    if not by_id:
        return {}
    with backend.engine.read() as conn:
        live = live_among(conn, backend.embedder, by_id)
        known = contents.known_among(conn, by_id)
    bodies = {content_id: draft.body for content_id, draft in by_id.items()}
    for content_id, draft in by_id.items():
        if content_id not in live:
            for rendered_id, body in staged.derive(draft).items():
                bodies.setdefault(rendered_id, body)
    if rendered := bodies.keys() - by_id.keys():
        with backend.engine.read() as conn:
            known |= contents.known_among(conn, rendered)
    staged.relied |= live | known
    new = [body for content_id, body in bodies.items() if content_id not in known]
    staged.contents = [(body.content, body.data() if body.content.inline else None) for body in new]
    return bodies


def live_among(conn: Connection, embedder: str, ids: Iterable[str]) -> set[str]:
    """Return which contents have their rows where a search at the head looks."""
    found = search_rows.places(conn, embedder, ids)
    return {content_id for content_id, at in found.items() if at.place in search_rows.LIVE}
