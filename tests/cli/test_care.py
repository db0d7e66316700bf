"""status, verify, doctor, repair, gc, optimize, journal."""

import shutil
from pathlib import Path

import pytest

import holdfast
from holdfast.testing.seams import rooms
from tests.support.command_line import Run


@pytest.fixture
def lost(run: Run, folder: Path) -> str:
    """Return a file whose bytes are lost."""
    run("write", "/big.bin", stdin=bytes(range(256)) * 1_000)
    shutil.rmtree(folder / "blobs")
    (folder / "blobs").mkdir()
    return "/big.bin"


def test_status_shows_what_is_there(run: Run, folder: Path) -> None:
    run("write", "/a.md", "--text", "# A")
    shown = run("status").out
    assert str(folder) in shown
    assert "1 file in 5 directories" in shown
    assert run("status", "--json").json["head"] == 2


def test_verify_of_a_good_store_is_ok(run: Run) -> None:
    assert run("verify", "--deep").lines[-1].startswith("ok (checked ")
    assert run("verify", "--json").json["ok"] is True


def test_verify_doctor_and_repair_name_what_is_lost_and_end_with_1(run: Run, lost: str) -> None:
    for command in ("verify", "doctor", "repair"):
        ran = run(command)
        assert ran.status == 1
        assert lost in ran.out
    assert run("verify", "--json").json["ok"] is False


def test_repair_that_can_mend_nothing_does_not_say_that_all_was_well(run: Run, lost: str) -> None:
    assert run("repair").lines[0] == "Nothing could be mended."


def test_doctor_examines_a_store_that_does_not_open(run: Run, folder: Path) -> None:
    (folder / "catalog.db").write_bytes(b"no database " * 1_000)
    assert run("ls").status == 1
    assert "Restore catalog.db from a backup" in run("ls").err
    found = run("doctor", "--json")
    assert found.status == 1
    assert "catalog.db" in found.json["findings"][0]["what"]


def test_doctor_finds_nothing_in_a_good_store(run: Run) -> None:
    assert run("doctor").lines == ["Nothing is wrong."]


def test_repair_and_gc_of_a_good_store_do_nothing(run: Run) -> None:
    assert run("repair").lines == ["Nothing had to be mended."]
    assert run("gc", "--dry-run").lines[0] == "0 contents (0 B) would be removed"
    assert run("gc").status == 0


def test_optimize_tells_what_it_folded(run: Run) -> None:
    run("write", "/a.md", "--text", "# A\n\nSome words.")
    assert run("optimize").lines[0].startswith("1 row folded")
    assert run("search", "words", "--mode", "text").status == 0


def test_journal_shows_what_is_in_flight_and_what_ended(run: Run) -> None:
    nothing = run("journal")
    assert (nothing.out, nothing.err) == ("", "Nothing is in flight.\n")
    run("write", "/big.txt", stdin=b"words and words\n" * 6_000)
    assert "committed" in run("journal", "--all").out
    assert run("journal", "--json").json == {"intents": []}


def test_a_store_in_a_read_only_folder_can_be_read(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("holdfast.opening.writable", lambda _: False)
    assert run("ls").status == 0
    assert run("mkdir", "/x", "--json").json["error"]["code"] == holdfast.ReadOnly.code


def test_status_shows_locks_and_jobs(run: Run, folder: Path) -> None:
    with holdfast.open(folder) as store, store.lock("/notes"):
        store.jobs.enqueue("nobody")
        assert "locks        1 path held, 0 waiting, 0 stale" in run("status").lines
        found = run("status", "--json").json
    assert (found["locks"]["held"], found["locks"]["waiting"], found["locks"]["healthy"]) == (1, 0, True)
    assert (found["jobs"]["depth"], found["jobs"]["oldest"]["kind"], found["jobs"]["failed"]) == (1, "nobody", [])


def test_reindex_makes_anew_what_it_is_asked_to(run: Run) -> None:
    run("write", "/a.md", "--text", "# A\n\nSome words.")
    run("write", "/d/b.md", "--text", "# B\n\nOther words.")
    assert run("reindex").lines == ["0 of 2 contents made anew"]
    assert run("reindex", "--all", "--under", "d").lines == ["1 of 1 content made anew"]
    assert run("reindex", "--under", "/nowhere").status == 4


def test_reindex_names_what_it_could_not_convert(run: Run, store: holdfast.Store) -> None:
    store.write("/a.md", "# A")
    with rooms(store).engine.write() as conn:
        conn.run("UPDATE contents SET media_type = 'application/pdf'")
    ran = run("reindex")
    assert ran.status == 5
    assert ran.lines[1].startswith("failed: /a.md: ")


def test_an_interrupted_reindex_ends_with_130(run: Run, store: holdfast.Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.write("/a.md", "# A")
    monkeypatch.setattr("holdfast.cli.interrupts.StopOnce.wanted", lambda self: True)
    ran = run("reindex", "--all")
    assert (ran.status, ran.lines[0]) == (130, "0 of 1 content made anew")
