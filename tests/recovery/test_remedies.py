"""Every state that `verify` reports has a remedy that works, or says that only a backup helps: no circles."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import holdfast
from holdfast.blobs.objects import key_of
from holdfast.clock import SystemClock
from holdfast.ingest.prepare import DocumentDeriver
from holdfast.recovery.doctor import doctor
from holdfast.store import Store
from tests.recovery.litter import sql

Damage = Callable[[Store], None]


def by_sql(statement: str) -> Damage:
    return lambda store: sql(store, statement)


def without_a_blob(store: Store) -> None:
    (store.folder / "blobs" / key_of(str(store.stat("/data.bin").content_id))).unlink()


def without_tables(store: Store) -> None:
    shutil.rmtree(store.folder / "tables")


def with_a_cut_index(store: Store) -> None:
    for file in store._backend.tables.live.table.path.glob("_indices/*/*.lance"):
        file.write_bytes(file.read_bytes()[:50])


EMBEDDER = "static-minilm-256-int8"
STATES: dict[str, Damage] = {
    "head": by_sql("UPDATE branches SET head_seq = head_seq - 1"),
    "commit without parent": by_sql("UPDATE commits SET parent_seq = 4711 WHERE seq = 3"),
    "stray entry": by_sql("UPDATE entries SET parent_id = 4711 WHERE name = 'b.md'"),
    "future entry": by_sql("UPDATE entries SET from_seq = 4711 WHERE name = 'b.md'"),
    "cycle": by_sql("UPDATE entries SET parent_id = node_id WHERE name = 'journal'"),
    "lost table of the catalog": by_sql("DROP TABLE renditions"),
    "unknown content": by_sql("DELETE FROM contents WHERE content_id IN (SELECT content_id FROM entries"
                              " WHERE name = 'data.bin')"),
    "rendition": by_sql("UPDATE renditions SET rendered_id = 'unknown' WHERE title = 'Leases'"),
    "lost blob": without_a_blob,
    "lost inline bytes": by_sql("DELETE FROM inline_bytes WHERE content_id IN (SELECT content_id FROM entries"
                                " WHERE name = 'b.md')"),
    "nothing in the tail": by_sql("DELETE FROM tail"),
    "nothing searchable": by_sql("DELETE FROM searchable"),
    "miscounted": by_sql("UPDATE searchable SET chunks = chunks + 1"),
    "contents miscounted": by_sql("UPDATE content_counts SET n = n + 3, size = size - 7"),
    "contents uncounted": by_sql("DELETE FROM content_counts"),
    "unknown searchable": by_sql(f"INSERT INTO searchable VALUES ('{EMBEDDER}', 'unknown', 'tail', 0)"),
    "no pin": by_sql("DELETE FROM pins"),
    "wrong pin": by_sql("UPDATE pins SET version = '4711' WHERE superseded_at IS NULL"),
    "no tables": without_tables,
    "cut index": with_a_cut_index,
    "job for nothing": by_sql("INSERT INTO jobs (kind, payload, state, priority, run_at, max_attempts, enqueued)"
                              " VALUES ('memory', '{\"session\": \"x\", \"archive\": 1}', 'queued', 0, 0, 5, 0)"),
    "archives miscounted": by_sql("INSERT INTO sessions (session_id, created, archives) VALUES ('x', 0, 3)"),
    "messages of nobody": by_sql("INSERT INTO messages (session_id, role, content, at) VALUES ('x', 'user', 'm', 0)"),
}  # fmt: skip


@pytest.mark.parametrize("name", STATES)
def test_the_remedy_that_verify_names_is_run_and_works(name: str, filled: Store, folder: Path, tmp_path: Path) -> None:
    filled.close()
    backup = Path(shutil.copytree(folder, tmp_path / "backup"))
    with holdfast.open(folder) as store:
        STATES[name](store)
    remedies = told(folder)
    assert remedies
    for command in sorted({command for remedy in remedies for command in re.findall(r"`holdfast ([^`]+)`", remedy)}):
        subprocess.run(
            [sys.executable, "-m", "holdfast", *command.split()], cwd=folder, capture_output=True, check=False
        )
    if left := told(folder):
        assert all("backup" in remedy for remedy in left), left
        shutil.rmtree(folder)
        shutil.copytree(backup, folder)
    assert told(folder) == []


def told(folder: Path) -> list[str]:
    """Return the remedies of what verify finds."""
    with holdfast.open(folder) as store:
        return [problem.remedy for problem in store.verify(deep=True).problems]


def test_search_tables_that_held_nothing_are_made_anew(store: Store) -> None:
    shutil.rmtree(store.folder / "tables")
    assert sorted(store.repair().tables) == sorted(store._backend.tables.names)
    store.write("/a.md", "a lease ends")
    assert [hit.path for hit in store.search("lease")] == ["/a.md"]
    assert store.verify(deep=True).ok


def test_repair_says_what_it_cannot_mend(filled: Store) -> None:
    sql(filled, "UPDATE branches SET head_seq = head_seq - 1")
    assert {problem.kind for problem in filled.repair().left} >= {"catalog"}


def test_the_doctor_looks_at_every_setting(folder: Path) -> None:
    (folder / "holdfast.toml").write_text("format = 1\n[ingest]\njobs = -5\n")
    (finding,) = doctor(folder, deriver=DocumentDeriver, clock=SystemClock())
    assert (finding.level, "ingest.jobs" in finding.what) == ("problem", True)
    assert "`holdfast" not in finding.remedy
    assert str(folder / "holdfast.toml") in finding.remedy
