"""Every state that `verify` reports has a remedy that works, or says that only a backup helps: no circles."""

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import holdfast
from holdfast.blobs.objects import key_of
from holdfast.cli import main
from holdfast.front.store import Store
from holdfast.publish.intention import keeping_versions
from holdfast.recovery.sweep import sweep
from holdfast.testing.seams import rooms
from tests.support.litter import dead_process, intend, sql
from tests.support.processes import Child

Damage = Callable[[Store], None]
Told = Callable[[Path, str], tuple[int, dict[str, Any]]]

#: bytes of a page of the catalog
PAGE = 4096


def by_sql(statement: str) -> Damage:
    return lambda store: sql(store, statement)


def without_a_blob(store: Store) -> None:
    (Path(store.address) / "blobs" / key_of(str(store.stat("/data.bin").content_id))).unlink()


def without_tables(store: Store) -> None:
    shutil.rmtree(Path(store.address) / "tables")


def with_a_cut_index(store: Store) -> None:
    for file in rooms(store).tables.live.table.path.glob("_indices/*/*.lance"):
        file.write_bytes(file.read_bytes()[:50])


def without_a_file_of_a_table(store: Store) -> None:
    for file in rooms(store).tables.live.table.path.glob("data/*.lance"):
        file.unlink()


def with_an_empty_file_of_a_table(store: Store) -> None:
    for file in rooms(store).tables.live.table.path.glob("data/*.lance"):
        file.write_bytes(b"")


def without_a_manifest(store: Store) -> None:
    for file in rooms(store).tables.live.table.path.glob("_versions/*"):
        file.unlink()


def after_a_failed_job(store: Store) -> None:
    sql(store, QUEUE.format(state="failed", after="NULL"))
    sql(store, "UPDATE jobs SET ended = 1, error = 'no' WHERE state = 'failed'")
    sql(store, QUEUE.format(state="waiting", after="(SELECT max(job_id) FROM jobs)"))


def archived(store: Store, text: str) -> None:
    session = store.session("chat")
    session.append("user", text)
    session.commit()
    sql(store, "DELETE FROM contents WHERE content_id IN (SELECT messages_id FROM archives)")


def with_a_rendition_of_nothing(store: Store) -> None:
    sql(
        store,
        """INSERT INTO renditions (content_id, kind, deriver, deriver_version, rendered_id, made)
        SELECT 'unknown', 'markdown', 'x', '1', content_id, 0 FROM contents LIMIT 1""",
    )


def with_lost_bytes(store: Store) -> None:
    lost = store.stat("/page.html").content_id
    sql(store, "DELETE FROM contents WHERE content_id = :id", id=lost)
    sql(store, "DELETE FROM inline_bytes WHERE content_id = :id", id=lost)


def on_a_branch(statement: str) -> Damage:
    def damage(store: Store) -> None:
        store.branches.create("draft")
        draft = store.branch("draft")
        (path,) = draft.glob("/**/b.md")
        draft.write(path, "another")
        draft.write(path, "a third")
        store.branches.merge("draft", prefer="theirs")
        assert store.maintenance.verify(deep=True).ok
        sql(store, statement)

    return damage


def without_an_archive(store: Store) -> None:
    archived(store, "hello")


def without_a_large_archive(store: Store) -> None:
    archived(store, "hello " * 20_000)


QUEUE = (
    "INSERT INTO jobs (branch_id, kind, payload, state, priority, run_at, max_attempts, enqueued, after_job)"
    " VALUES (1, 'other', '{{}}', '{state}', 0, 0, 5, 0, {after})"
)
#: the share of the catalog that is left of it, where it was cut
UNREADABLE: dict[str, float] = {
    "cut to nothing": 0.0,
    "cut to nothing beside its log": 0.0,
    "cut to a page": 0.02,
    "cut in the middle": 0.5,
    "cut at its end": 0.999,
    "overwritten": 1.0,
}
EMBEDDER = "static-minilm-256-v2-int8"
STATES: dict[str, Damage] = {
    "head": by_sql("UPDATE branches SET head_seq = head_seq - 1"),
    "commit without parent": by_sql("UPDATE commits SET parent_seq = 4711 WHERE seq = 3"),
    "branch of no base": on_a_branch("UPDATE branches SET base_branch_id = 4711 WHERE name = 'draft'"),
    "branch of itself": on_a_branch("UPDATE branches SET base_branch_id = branch_id WHERE name = 'draft'"),
    "branch without a base": on_a_branch("UPDATE branches SET base_branch_id = NULL WHERE name = 'draft'"),
    "first branch with a base": on_a_branch("UPDATE branches SET base_branch_id = 2, fork_seq = 1 WHERE name = 'main'"),
    "branch at no commit": on_a_branch("UPDATE branches SET fork_seq = 0 WHERE name = 'draft'"),
    "branch at its own commit": on_a_branch("UPDATE branches SET fork_seq = head_seq WHERE name = 'draft'"),
    "merge of no commit": on_a_branch("UPDATE commits SET merged_seq = 4711 WHERE merged_seq IS NOT NULL"),
    "merge of its own line": on_a_branch("UPDATE commits SET merged_seq = 1 WHERE merged_seq IS NOT NULL"),
    "adopted with another start": on_a_branch(
        "UPDATE entries SET from_seq = 1 WHERE branch_id = 2 AND from_seq <= (SELECT max(fork_seq) FROM branches)"
    ),
    "adopted with another name": on_a_branch(
        "UPDATE entries SET name = 'o.md' WHERE branch_id = 2 AND from_seq <= (SELECT max(fork_seq) FROM branches)"
    ),
    "changed and not adopted": on_a_branch(
        "DELETE FROM entries WHERE branch_id = 2 AND from_seq <= (SELECT max(fork_seq) FROM branches)"
    ),
    "stray entry": by_sql("UPDATE entries SET parent_id = 4711 WHERE name = 'b.md'"),
    "future entry": by_sql("UPDATE entries SET from_seq = 4711 WHERE name = 'b.md'"),
    "cycle": by_sql("UPDATE entries SET parent_id = node_id WHERE name = 'journal'"),
    "lost table of the catalog": by_sql("DROP TABLE renditions"),
    "unknown content": by_sql(
        "DELETE FROM contents WHERE content_id IN (SELECT content_id FROM entries WHERE name = 'data.bin')"
    ),
    "rendition": by_sql("UPDATE renditions SET rendered_id = 'unknown' WHERE title = 'Leases'"),
    "rendition of nothing": with_a_rendition_of_nothing,
    "rendition of lost bytes": with_lost_bytes,
    "rendition of a lost content": by_sql(
        "DELETE FROM contents WHERE content_id IN (SELECT content_id FROM entries WHERE name = 'page.html')"
    ),
    "lost blob": without_a_blob,
    "lost inline bytes": by_sql(
        "DELETE FROM inline_bytes WHERE content_id IN (SELECT content_id FROM entries WHERE name = 'b.md')"
    ),
    "nothing in the tail": by_sql("DELETE FROM tail"),
    "nothing searchable": by_sql("DELETE FROM searchable"),
    "miscounted": by_sql("UPDATE searchable SET chunks = chunks + 1"),
    "contents miscounted": by_sql("UPDATE content_counts SET n = n + 3, size = size - 7"),
    "contents uncounted": by_sql("DELETE FROM content_counts"),
    "unknown searchable": by_sql(f"INSERT INTO searchable VALUES ('{EMBEDDER}', 'unknown', 'tail', 0, 0)"),
    "no pin": by_sql("DELETE FROM pins"),
    "wrong pin": by_sql("UPDATE pins SET version = '4711' WHERE superseded_at IS NULL"),
    "no tables": without_tables,
    "cut index": with_a_cut_index,
    "lost file of a table": without_a_file_of_a_table,
    "empty file of a table": with_an_empty_file_of_a_table,
    "lost versions of a table": without_a_manifest,
    "job for nothing": by_sql(
        "INSERT INTO jobs (branch_id, kind, payload, state, priority, run_at, max_attempts, enqueued)"
        " VALUES (1, 'memory', '{\"session\": \"x\", \"archive\": 1}', 'queued', 0, 0, 5, 0)"
    ),
    "job after no job": by_sql(QUEUE.format(state="waiting", after=4711)),
    "job after a job that failed": after_a_failed_job,
    "archive without its bytes": without_an_archive,
    "archive that can be found": without_a_large_archive,
    "archives miscounted": by_sql(
        "INSERT INTO sessions (session_id, branch_id, created, archives) VALUES ('x', 1, 0, 3)"
    ),
    "messages of nobody": by_sql("INSERT INTO messages (session_id, role, content, at) VALUES ('x', 'user', 'm', 0)"),
}


@pytest.fixture
def damaged(folder: Path, model: Path) -> Path:
    """Return the folder of a store with something of every kind, which nobody has open."""
    shutil.rmtree(folder)
    return Path(shutil.copytree(model, folder))


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Told:
    """Return a function that runs a command of the command line on a store, and returns status and answer."""

    def tell(folder: Path, command: str) -> tuple[int, dict[str, Any]]:
        capsys.readouterr()
        status = main(["--store", str(folder), "--json", *command.split()])
        return status, json.loads(capsys.readouterr().out)

    return tell


@pytest.mark.parametrize("name", STATES)
def test_the_remedy_that_verify_names_is_run_and_works(name: str, damaged: Path, model: Path, told: Told) -> None:
    with holdfast.open(damaged) as store:
        STATES[name](store)
    remedies = wrong(told, damaged)
    assert remedies
    for command in commands(remedies):
        told(damaged, command)
    if left := wrong(told, damaged):
        assert all("backup" in remedy for remedy in left), left
        bring_back(damaged, model, left)
        assert wrong(told, damaged) == []


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_catalog_that_was_cut_is_never_called_well(name: str, damaged: Path, model: Path, told: Told) -> None:
    before = damage_file(name, damaged)
    for command in ("verify", "repair", "doctor", "ls /"):
        status, answer = told(damaged, command)
        assert status == 1 or command == "ls /"
        assert "Restore" in str(answer) or command == "ls /"
        assert "Run `holdfast" not in str(answer)
    assert {file: (damaged / file).read_bytes() for file in before} == before
    bring_back(damaged, model, ["Restore catalog.db from a backup"])
    assert wrong(told, damaged) == []


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7])
def test_a_log_that_was_cut_leaves_an_earlier_commit(
    damaged: Path, told: Told, child: Callable[..., Child], share: float
) -> None:
    """Nothing tells it from a power cut: what is left is one committed state, and whole."""
    code = """
    import os
    store = holdfast.open(sys.argv[1])
    for number in range(8):
        store.write(f"/w/{number}.md", f"note {number}")
    os._exit(0)
    """
    child(code, damaged).finish()
    cut(damaged / "catalog.db-wal", share)
    (damaged / "catalog.db-shm").unlink()
    assert wrong(told, damaged) == []
    with holdfast.open(damaged) as store:
        there = [info.name for info in store.ls("/w")] if store.exists("/w") else []
    assert there == [f"{number}.md" for number in range(len(there))]
    assert len(there) < 8


def wrong(told: Told, folder: Path) -> list[str]:
    """Return the remedies of what verify finds."""
    status, answer = told(folder, "verify --deep")
    if "error" in answer:
        return [answer["error"]["remedy"]]
    assert status == (0 if answer["ok"] else 1)
    return [problem["remedy"] for problem in answer["problems"]]


def commands(remedies: Iterable[str]) -> list[str]:
    """Return the commands that remedies name."""
    return sorted({command for remedy in remedies for command in re.findall(r"`holdfast ([^`]+)`", remedy)})


def bring_back(folder: Path, backup: Path, remedies: Iterable[str]) -> None:
    """Do what the remedies say about a backup: of the catalog alone, or of the store."""
    if all(remedy.startswith("Restore catalog.db") for remedy in remedies):
        for file in folder.glob("catalog.db*"):
            file.unlink()
        shutil.copy(backup / "catalog.db", folder)
    else:
        shutil.rmtree(folder)
        shutil.copytree(backup, folder)


def cut(file: Path, share: float) -> None:
    data = file.read_bytes()
    file.write_bytes(data[: int(len(data) * share)])


def damage_file(name: str, folder: Path) -> dict[str, bytes]:
    """Damage the catalog's file, and return the files that must be left as they are then."""
    catalog, log = folder / "catalog.db", folder / "catalog.db-wal"
    if name == "cut to nothing beside its log":
        with holdfast.open(folder) as store:
            store.write("/more.md", "more")
            shutil.copy(log, folder / "kept")
        (folder / "kept").rename(log)
        catalog.write_bytes(b"")
        return {"catalog.db": b"", "catalog.db-wal": log.read_bytes()}
    if name == "overwritten":
        data = catalog.read_bytes()
        catalog.write_bytes(data[:PAGE] + bytes(3 * PAGE) + data[4 * PAGE :])
        return {}
    cut(catalog, UNREADABLE[name])
    return {}


def test_search_tables_that_held_nothing_are_made_anew(store: Store) -> None:
    shutil.rmtree(Path(store.address) / "tables")
    assert sorted(store.maintenance.repair().tables) == sorted(rooms(store).tables.names)
    store.write("/a.md", "a lease ends")
    assert [hit.path for hit in store.search("lease")] == ["/a.md"]
    assert store.maintenance.verify(deep=True).ok


def test_versions_that_were_lost_stand_in_nobodys_way_once_a_table_was_made_anew(store: Store) -> None:
    backend = rooms(store)
    store.write("/a.md", "a lease ends")
    # Whoever was at work before the repair may need all versions that were pinned since it began.
    with keeping_versions(backend, "verify"):
        shutil.rmtree(Path(store.address) / "tables")
        store.maintenance.repair()
        store.maintenance.gc()
    assert store.maintenance.verify(deep=True).ok


def test_repair_writes_nothing_into_a_damaged_catalog(damaged: Path, told: Told) -> None:
    catalog = damaged / "catalog.db"
    with closing(sqlite3.connect(catalog)) as raw:
        asked = "SELECT rootpage FROM sqlite_master WHERE type = 'table' AND name = 'folder_digests'"
        ((page,),) = raw.execute(asked).fetchall()
    data = catalog.read_bytes()
    torn = data[: (page - 1) * PAGE] + b"\xff" * PAGE + data[page * PAGE :]
    catalog.write_bytes(torn)
    status, answer = told(damaged, "repair")
    assert (status, [left["kind"] for left in answer["left"]]) == (1, ["catalog"])
    assert catalog.read_bytes() == torn


def test_repair_says_what_it_cannot_mend(filled: Store) -> None:
    sql(filled, "UPDATE branches SET head_seq = head_seq - 1")
    assert {problem.kind for problem in filled.maintenance.repair().left} >= {"catalog"}


@pytest.mark.parametrize(
    "text",
    [
        "[ingest]\njobs = -5\n",
        "[ingest]\nspeed = 5\n",
        "[nonsense]\n",
        "ingest = 5\n",
        "[store]\nactor = 5\n",
        "[search]\nfold_rows = 'many'\n",
        "[store]\ndurability = 'none'\n",
        "[llm]\ntimeout = 'soon'\n",
        "[ingest\n",
        "\x00",
    ],
)
def test_the_doctor_says_which_line_of_the_settings_is_to_be_edited(damaged: Path, told: Told, text: str) -> None:
    settings = damaged / "holdfast.toml"
    well = settings.read_text()
    settings.write_text(f"format = 1\n{text}")
    status, answer = told(damaged, "doctor")
    (finding,) = answer["findings"]
    assert (status, finding["level"]) == (1, "problem")
    assert str(settings) in finding["what"]
    assert str(settings) in finding["remedy"]
    assert not commands([finding["remedy"]])
    settings.write_text(well)
    assert told(damaged, "doctor") == (0, {"ok": True, "findings": []})


def test_the_doctor_names_what_makes_a_store_of_a_folder_again(damaged: Path, told: Told) -> None:
    (damaged / "holdfast.toml").unlink()
    (finding,) = told(damaged, "doctor")[1]["findings"]
    command = finding["remedy"].partition("holdfast ")[2]
    assert told(damaged, command)[0] == 0
    assert told(damaged, "doctor")[0] == 0


def failed_job(store: Store) -> None:
    store.jobs.enqueue("abstract", {"path": "/page.html"})
    sql(store, "UPDATE jobs SET state = 'failed', ended = 1, error = 'no model'")


def set_aside(store: Store) -> None:
    intend(rooms(store), dead_process(), staged="{half")
    sweep(rooms(store))


FOUND: dict[str, Damage] = {
    **{f"verify: {name}": STATES[name] for name in ("job after no job", "no pin", "contents miscounted")},
    "failed job": failed_job,
    "set aside": set_aside,
    "no tables": without_tables,
}


@pytest.mark.parametrize("name", FOUND)
def test_what_the_doctor_names_is_run_and_the_finding_is_gone(damaged: Path, told: Told, name: str) -> None:
    with holdfast.open(damaged) as store:
        FOUND[name](store)
    findings = told(damaged, "doctor")[1]["findings"]
    assert any(finding["level"] != "note" and commands([finding["remedy"]]) for finding in findings)
    # What a repair replaced is litter, of which the doctor says what removes it.
    for _ in range(2):
        for command in commands(finding["what"] + finding["remedy"] for finding in findings):
            assert told(damaged, command)[0] == 0
        findings = told(damaged, "doctor")[1]["findings"]
    assert findings == []


def test_the_doctor_names_a_writer_that_was_stopped(damaged: Path, told: Told, child: Callable[..., Child]) -> None:
    code = """
    store = holdfast.open(sys.argv[1])
    with rooms(store).engine.write():
        say("inside")
        hear()
    """
    writer = child(code, damaged)
    assert writer.hear() == "inside"
    assert told(damaged, "doctor")[0] == 0
    writer.process.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, writer.process.pid, os.WSTOPPED)
    (finding,) = told(damaged, "doctor")[1]["findings"]
    (command, _) = re.findall(r"`kill (-\w+ \d+)`", finding["remedy"])
    subprocess.run(["kill", *command.split()], check=True)
    os.waitid(os.P_PID, writer.process.pid, os.WCONTINUED)
    assert told(damaged, "doctor")[0] == 0
    writer.say("go on")
    writer.finish()


def test_a_lock_whose_holder_died_is_no_finding(damaged: Path, told: Told, child: Callable[..., Child]) -> None:
    child("import os; holdfast.open(sys.argv[1]).lock('/page.html'); os._exit(0)", damaged).finish()
    assert told(damaged, "doctor") == (0, {"ok": True, "findings": []})
    assert told(damaged, "rm /page.html")[0] == 0
