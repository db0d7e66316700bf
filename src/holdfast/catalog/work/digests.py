"""Questions about abstracts and overviews: of contents they are renditions, of directories they have a table."""

from collections.abc import Iterable
from dataclasses import dataclass

from holdfast.catalog.branches import Branch
from holdfast.catalog.contents import RENDITION, Rendition, rendition_of
from holdfast.catalog.engine import Connection, rows_among

#: directory digests that are kept; the oldest go first, and are derived again when asked for
FOLDER_DIGESTS_KEPT = 100_000


@dataclass(frozen=True, slots=True)
class FolderDigest:
    """An abstract or overview of a directory in one state."""

    #: the directory it was asked for; another in the same state has the same digest
    node_id: int
    #: hash of all that is in it
    state_id: str
    #: `abstract` or `overview`
    kind: str
    deriver: str
    deriver_version: str
    text: str
    #: the commit at which the directory was in that state
    commit_seq: int


_FOLDER = "node_id, state_id, kind, deriver, deriver_version, text, commit_seq"


_TEXTS = """SELECT r.content_id, b.data FROM renditions r JOIN inline_bytes b ON b.content_id = r.rendered_id
    WHERE r.content_id IN (:ids) AND r.kind = :kind"""


def texts_of_contents(conn: Connection, ids: Iterable[str], kind: str, deriver: str, version: str) -> dict[str, str]:
    """Return the abstracts or overviews of contents by content id, as one deriver made them; small ones only."""
    sql = f"{_TEXTS} AND r.deriver = :deriver AND r.deriver_version = :version"
    rows = rows_among(conn, sql, ids, {"kind": kind, "deriver": deriver, "version": version})
    return {row[0]: bytes(row[1]).decode("utf-8") for row in rows}


def newest_texts(conn: Connection, ids: Iterable[str], kind: str) -> dict[str, str]:
    """Return the latest abstracts or overviews of contents by content id, whoever made them."""
    rows = rows_among(conn, f"{_TEXTS} ORDER BY r.made", ids, {"kind": kind})
    return {row[0]: bytes(row[1]).decode("utf-8") for row in rows}


def markdown_of(conn: Connection, ids: Iterable[str]) -> dict[str, Rendition]:
    """Return the newest Markdown rendition of each content that has one."""
    sql = f"""SELECT {RENDITION} FROM renditions
        WHERE content_id IN (:ids) AND kind = 'markdown' ORDER BY made, deriver_version"""
    return {row[0]: rendition_of(row) for row in rows_among(conn, sql, ids)}


def of_states(
    conn: Connection, states: Iterable[str], kind: str, deriver: str, version: str
) -> dict[str, FolderDigest]:
    """Return directory digests by state, as one deriver made them."""
    sql = f"""SELECT {_FOLDER} FROM folder_digests
        WHERE state_id IN (:ids) AND kind = :kind AND deriver = :deriver AND deriver_version = :version"""
    rows = rows_among(conn, sql, states, {"kind": kind, "deriver": deriver, "version": version})
    return {row[1]: FolderDigest(*row) for row in rows}


def newest_of_node(conn: Connection, branch: Branch, node_id: int, kind: str, until: int) -> FolderDigest | None:
    """Return the digest of a directory that describes the latest commit in a branch's history up to `until`."""
    columns = ", ".join(f"d.{name}" for name in _FOLDER.split(", "))
    for level in branch.levels(until):
        row = conn.row(
            f"""SELECT {columns} FROM folder_digests d JOIN commits c ON c.seq = d.commit_seq
            WHERE d.node_id = :node AND d.kind = :kind AND d.commit_seq <= :until AND c.branch_id = :branch
            ORDER BY d.commit_seq DESC, d.digest_id DESC LIMIT 1""",
            {"node": node_id, "kind": kind, "until": level.seq, "branch": level.branch_id},
        )
        if row is not None:
            return FolderDigest(*row)
    return None


def insert_folder_digests(conn: Connection, new: Iterable[FolderDigest]) -> None:
    """Write directory digests; one that is there already is kept. The oldest beyond the limit are dropped."""
    conn.run_many(
        f"""INSERT INTO folder_digests ({_FOLDER})
        VALUES (:node, :state, :kind, :deriver, :version, :text, :commit) ON CONFLICT DO NOTHING""",
        [
            {
                "node": d.node_id,
                "state": d.state_id,
                "kind": d.kind,
                "deriver": d.deriver,
                "version": d.deriver_version,
                "text": d.text,
                "commit": d.commit_seq,
            }
            for d in new
        ],
    )
    conn.run(
        "DELETE FROM folder_digests WHERE digest_id <= (SELECT max(digest_id) FROM folder_digests) - :kept",
        {"kept": FOLDER_DIGESTS_KEPT},
    )
