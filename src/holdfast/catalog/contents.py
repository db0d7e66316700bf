"""Questions about contents and the renditions derived from them."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from holdfast.catalog.engine import Connection, Row, batches, in_list, rows_among

#: contents up to this many bytes live in the catalog itself
INLINE_LIMIT = 64 * 1024
#: the rendition that people, agents and search read
MARKDOWN = "markdown"
#: what the `meta` of a Markdown rendition has under this name: by what its search rows were made
ROWS_BY = "rows_by"


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes under their hash."""

    #: BLAKE3 in hex
    content_id: str
    #: bytes
    size: int
    media_type: str
    #: whether the bytes are in the catalog (`inline_bytes`) or in the blob store
    inline: bool


@dataclass(frozen=True, slots=True)
class Rendition:
    """Something derived from a content by a named deriver, itself stored as a content."""

    #: what it was derived from
    content_id: str
    #: `markdown`, `abstract`, `overview`
    kind: str
    deriver: str
    deriver_version: str
    #: the content that holds it
    rendered_id: str
    title: str | None
    #: author, dates, pages, warnings: what the format had
    meta: dict[str, Any] = field(default_factory=dict)


_COLUMNS = "c.content_id, c.size, c.media_type, c.inline"
#: what `rendition_of` reads
RENDITION = "content_id, kind, deriver, deriver_version, rendered_id, title, meta"


def rendition_of(row: Row) -> Rendition:
    """Return the rendition in a row of the columns RENDITION."""
    return Rendition(
        content_id=row[0],
        kind=row[1],
        deriver=row[2],
        deriver_version=row[3],
        rendered_id=row[4],
        title=row[5],
        meta=json.loads(row[6]),
    )


def _content(row: Row) -> Content:
    return Content(row[0], row[1], row[2], bool(row[3]))


def get(conn: Connection, content_id: str) -> Content | None:
    """Return what is known of one content."""
    row = conn.row(f"SELECT {_COLUMNS} FROM contents c WHERE content_id = :id", {"id": content_id})
    return _content(row) if row else None


def among(conn: Connection, ids: Iterable[str]) -> list[Content]:
    """Return what is known of those of `ids` that the catalog has, in no order."""
    sql = f"SELECT {_COLUMNS} FROM contents c WHERE content_id IN (:ids)"
    return [_content(row) for row in rows_among(conn, sql, ids)]


def known_among(conn: Connection, ids: Iterable[str]) -> set[str]:
    """Return which of `ids` the catalog has."""
    return {row[0] for row in rows_among(conn, "SELECT content_id FROM contents WHERE content_id IN (:ids)", ids)}


def inline_data(conn: Connection, content_id: str) -> bytes | None:
    """Return the bytes of an inline content."""
    row = conn.row("SELECT data FROM inline_bytes WHERE content_id = :id", {"id": content_id})
    return bytes(row[0]) if row else None


def after(conn: Connection, content_id: str, limit: int) -> list[Content]:
    """Return up to `limit` contents whose id sorts after `content_id`, in order of id."""
    rows = conn.rows(
        f"SELECT {_COLUMNS} FROM contents c WHERE content_id > :id ORDER BY content_id LIMIT :n",
        {"id": content_id, "n": limit},
    )
    return [_content(row) for row in rows]


def every(conn: Connection, page: int = 1000) -> Iterator[Content]:
    """Yield all contents in order of id."""
    last = ""
    while found := after(conn, last, page):
        yield from found
        last = found[-1].content_id


def insert(conn: Connection, new: Iterable[tuple[Content, bytes | None]]) -> None:
    """Write contents (and their bytes, when inline) that are not there yet."""
    given = {content.content_id: (content, data) for content, data in new}
    for content_id in known_among(conn, given):
        del given[content_id]
    conn.run_many(
        """INSERT INTO contents (content_id, size, media_type, inline) VALUES (:id, :size, :type, :inline)
        ON CONFLICT DO NOTHING""",
        [{"id": c.content_id, "size": c.size, "type": c.media_type, "inline": c.inline} for c, _ in given.values()],
    )
    conn.run_many(
        "INSERT INTO inline_bytes (content_id, data) VALUES (:id, :data) ON CONFLICT DO NOTHING",
        [{"id": content_id, "data": data} for content_id, (_, data) in given.items() if data is not None],
    )
    _count(conn, [content for content, _ in given.values()], 1)


def _count(conn: Connection, changed: Iterable[Content], sign: int) -> None:
    """Keep the counts of `figures.stored`, so that nobody has to look at every content for them."""
    counts: dict[str, list[int]] = {}
    for content in changed:
        count = counts.setdefault("inline" if content.inline else "blobs", [0, 0])
        count[0] += sign
        count[1] += sign * content.size
    conn.run_many(
        """INSERT INTO content_counts (place, n, size) VALUES (:place, :n, :size)
        ON CONFLICT (place) DO UPDATE SET n = content_counts.n + :n, size = content_counts.size + :size""",
        [{"place": place, "n": n, "size": size} for place, (n, size) in counts.items()],
    )


def put_inline(conn: Connection, content_id: str, data: bytes) -> None:
    """Write the bytes of an inline content over what is there."""
    conn.run(
        """INSERT INTO inline_bytes (content_id, data) VALUES (:id, :data)
        ON CONFLICT (content_id) DO UPDATE SET data = :data""",
        {"id": content_id, "data": data},
    )


def point_rendition(conn: Connection, rendition: Rendition) -> None:
    """Say that a rendition which is there is stored in another content."""
    conn.run(
        """UPDATE renditions SET rendered_id = :rendered WHERE content_id = :id AND kind = :kind
        AND deriver = :deriver AND deriver_version = :version""",
        {
            "rendered": rendition.rendered_id,
            "id": rendition.content_id,
            "kind": rendition.kind,
            "deriver": rendition.deriver,
            "version": rendition.deriver_version,
        },
    )


_INSERT_RENDITION = """INSERT INTO renditions
        (content_id, kind, deriver, deriver_version, rendered_id, title, meta, made)
    VALUES (:id, :kind, :deriver, :version, :rendered, :title, :meta, :made) ON CONFLICT"""


def insert_renditions(conn: Connection, new: Iterable[Rendition], made: float) -> None:
    """Write renditions; one that is there already is kept."""
    conn.run_many(f"{_INSERT_RENDITION} DO NOTHING", [_params(each, made) for each in new])


def renew_rendition(conn: Connection, new: Rendition, now: float) -> None:
    """Write a rendition over the one of the same deriver, as the newest of its kind whatever the clock says."""
    row = conn.row(
        "SELECT max(made) FROM renditions WHERE content_id = :id AND kind = :kind",
        {"id": new.content_id, "kind": new.kind},
    )
    made = now if row is None or row[0] is None or row[0] < now else row[0] + 1e-3
    conn.run(
        f"""{_INSERT_RENDITION} (content_id, kind, deriver, deriver_version)
        DO UPDATE SET rendered_id = :rendered, title = :title, meta = :meta, made = :made""",
        _params(new, made),
    )


def _params(r: Rendition, made: float) -> dict[str, Any]:
    return {
        "id": r.content_id,
        "kind": r.kind,
        "deriver": r.deriver,
        "version": r.deriver_version,
        "rendered": r.rendered_id,
        "title": r.title,
        "meta": json.dumps(r.meta),
        "made": made,
    }


def rendition(conn: Connection, content_id: str, kind: str = MARKDOWN) -> Rendition | None:
    """Return the newest rendition of that kind."""
    row = conn.row(
        f"""SELECT {RENDITION} FROM renditions
        WHERE content_id = :id AND kind = :kind ORDER BY made DESC, deriver_version DESC LIMIT 1""",
        {"id": content_id, "kind": kind},
    )
    return rendition_of(row) if row else None


def titles(conn: Connection, ids: Iterable[str]) -> dict[str, str]:
    """Return the titles that the renditions of these contents carry."""
    sql = f"""SELECT content_id, title FROM renditions WHERE content_id IN (:ids) AND kind = '{MARKDOWN}'
        AND title IS NOT NULL ORDER BY made"""
    return {row[0]: row[1] for row in rows_among(conn, sql, ids)}


#: a content is referred to by an entry of any commit, by an archive whatever became of its files, or as what a
#: rendition of a kept content is stored in
_UNREFERENCED = """NOT EXISTS (SELECT 1 FROM entries e WHERE e.content_id = c.content_id)
    AND NOT EXISTS (SELECT 1 FROM archives a WHERE a.messages_id = c.content_id)
    AND NOT EXISTS (SELECT 1 FROM archives a WHERE a.transcript_id = c.content_id)
    AND NOT EXISTS (SELECT 1 FROM renditions r JOIN entries e ON e.content_id = r.content_id
                    WHERE r.rendered_id = c.content_id AND r.rendered_id <> r.content_id)"""


def unreferenced_after(conn: Connection, content_id: str, limit: int) -> list[Content]:
    """Return at most `limit` contents that no entry and no kept rendition refers to, by id, after `content_id`."""
    rows = conn.rows(
        f"""SELECT {_COLUMNS} FROM contents c
        WHERE c.content_id > :id AND {_UNREFERENCED} ORDER BY c.content_id LIMIT :limit""",
        {"id": content_id, "limit": limit},
    )
    return [_content(row) for row in rows]


def unreferenced_among(conn: Connection, ids: Iterable[str]) -> set[str]:
    """Return which of `ids` the catalog has and nothing refers to."""
    sql = f"SELECT c.content_id FROM contents c WHERE c.content_id IN (:ids) AND {_UNREFERENCED}"
    return {row[0] for row in rows_among(conn, sql, ids)}


def referenced_among(conn: Connection, ids: Iterable[str]) -> set[str]:
    """Return which of `ids` an entry or a rendition refers to, whether or not the catalog has them."""
    sql = """SELECT content_id FROM entries WHERE content_id IN (:ids)
        UNION SELECT rendered_id FROM renditions WHERE rendered_id IN (:ids) AND rendered_id <> content_id"""
    return {row[0] for row in rows_among(conn, sql, ids)}


def rendered_from(conn: Connection, ids: Iterable[str]) -> set[str]:
    """Return the contents that have a rendition stored in another one, which is among `ids`."""
    sql = "SELECT DISTINCT content_id FROM renditions WHERE rendered_id IN (:ids) AND rendered_id <> content_id"
    return {row[0] for row in rows_among(conn, sql, ids)}


def derived_from(conn: Connection, ids: Iterable[str]) -> set[str]:
    """Return the contents that renditions of `ids` are stored in."""
    sql = "SELECT DISTINCT rendered_id FROM renditions WHERE content_id IN (:ids)"
    return {row[0] for row in rows_among(conn, sql, ids)}


def forget(conn: Connection, ids: Sequence[str]) -> None:
    """Drop contents and all that was derived from them."""
    for batch in batches(ids):
        _count(conn, among(conn, batch), -1)
        marks, params = in_list(batch)
        for table in ("inline_bytes", "renditions", "contents"):
            conn.run(f"DELETE FROM {table} WHERE content_id IN ({marks})", params)
