"""session, memory, jobs, abstract and overview."""

import json

import pytest

from holdfast.front.store import Store
from tests.support.command_line import Run
from tests.support.json_work_samples import MEMORY, talk


def test_a_conversation_from_the_shell(run: Run) -> None:
    assert run("session", "new", "chat").out == "made chat\n"
    assert run("session", "append", "chat", "user", "I prefer metric units.").out == "appended 1 message to chat\n"
    run("session", "append", "chat", "assistant", stdin=b"Noted.")
    assert run("session", "show", "chat").lines == ["user: I prefer metric units.", "assistant: Noted."]
    committed = run("session", "commit", "chat", "--wait")
    assert committed.status == 0
    assert committed.lines == [
        "archived 2 messages in /sessions/chat/archive-001, job 1",
        "job 1 skipped: no model configured",
    ]
    assert run("session", "commit", "chat").out == "nothing to archive in chat\n"
    assert run("session", "context", "chat").lines == ["before: I prefer metric units."]
    assert run("session", "list").lines[0].startswith("chat  0 live messages")
    assert run("search", "metric").status == 0
    assert run("session", "delete", "chat").status == 0
    assert run("session", "show", "chat").status == 4


def test_messages_come_from_a_file_of_json_lines(run: Run) -> None:
    lines = [{"role": "user", "content": str(n), "at": "2026-01-31T12:00:00+00:00"} for n in range(3)]
    text = "\n".join(map(json.dumps, lines)).encode()
    assert run("session", "append", "chat", "--jsonl", "-", "--json", stdin=text).json["ids"] == [1, 2, 3]
    wrong = run("session", "append", "chat", "--jsonl", "-", stdin=text + b"\n{nonsense")
    assert wrong.status == 1
    assert "Line 4" in wrong.err
    assert len(run("session", "show", "chat", "--json").json["said"]) == 3


def test_a_session_with_a_tail_kept(run: Run) -> None:
    for n in range(3):
        run("session", "append", "chat", "user", str(n))
    assert "archived 1 message " in run("session", "commit", "chat", "--keep-recent", "2").out
    assert run("session", "show", "chat", "--archived").lines[-3:] == ["user: 0", "user: 1", "user: 2"]


def test_jobs_are_listed_run_and_tried_again(run: Run, store: Store) -> None:
    talk(store)
    assert run("jobs", "retry", "1").out == "queued 1 job again\n"
    assert run("jobs", "list", "--state", "queued").lines[0].split()[:3] == ["1", "queued", "memory"]
    assert run("jobs", "run", "--until-empty").out == "1 skipped\n"
    assert run("jobs", "list", "--state", "failed").out == ""
    assert run("jobs", "retry", "--failed").out == "queued 0 jobs again\n"
    assert run("jobs", "retry").status == 2
    assert run("jobs", "list", "--state", "lost").status == 2
    assert run("jobs", "show", "9").status == 4


def test_skipped_jobs_are_all_run_again_and_waited_for(run: Run, store: Store) -> None:
    talk(store)
    store.session("chat").commit()
    assert run("jobs", "run", "--until-empty").out == "2 skipped\n"
    again = run("jobs", "retry", "--skipped", "--wait")
    assert again.status == 0
    assert again.lines[0] == "queued 2 jobs again"
    assert [line.split()[:3] for line in again.lines[1:]] == [["1", "skipped", "memory"], ["2", "skipped", "memory"]]


def test_status_names_the_jobs_that_failed(run: Run, store: Store) -> None:
    job_id = store.jobs.enqueue("abstract", {"path": "no path"}, attempts=1)
    run("jobs", "run", "--until-empty")
    lines = [line for line in run("status").lines if line.startswith("jobs ")]
    assert lines[0].endswith("0 to do, 1 failed")
    assert f"job {job_id} failed (abstract): " in lines[1]


def test_waiting_for_a_job_says_whether_it_ended_well(run: Run, store: Store) -> None:
    job_id = store.jobs.enqueue("nobody")
    assert run("jobs", "wait", job_id, "--timeout", "0.01").status == 1
    assert run("jobs", "cancel", job_id).out == "cancelled 1 job\n"
    assert run("jobs", "cancel", job_id).out == "cancelled 0 jobs\n"
    assert run("jobs", "wait", job_id).status == 1


def test_memories_are_listed_shown_and_forgotten(run: Run, store: Store) -> None:
    talk(store)
    assert run("memory", "list").lines == [f"{MEMORY}  Units"]
    assert run("memory", "list", "--kind", "events").out == ""
    shown = run("memory", "show", MEMORY)
    assert "from /sessions/chat/archive-001, messages 1" in shown.lines
    assert run("memory", "forget", "/memories").status == 2
    assert run("memory", "forget", "/sessions/chat").status == 2
    assert run("memory", "forget", MEMORY).status == 0
    assert run("memory", "show", MEMORY).status == 4
    assert run("memory", "list").out == ""


@pytest.mark.parametrize("command", ["abstract", "overview"])
def test_what_a_path_is_about(run: Run, store: Store, command: str) -> None:
    store.write("/notes/a.md", "Fencing tokens keep the late holder out.")
    assert run(command, "/notes", "--stored").status == 4
    assert "Fencing tokens" in run(command, "/notes").out
    store.write("/notes/b.md", "Leases expire when nobody renews them.")
    stale = run(command, "notes", "--stored")
    assert "Fencing tokens" in stale.out
    assert "This describes commit 2" in stale.err
    assert run(command, "notes", "--stored", "--json").json["fresh"] is False


def test_listings_and_explanations_show_the_abstracts_that_are_there(run: Run, store: Store) -> None:
    store.write("/notes/a.md", "Fencing tokens keep the late holder out. More of it.")
    assert "keep the late" not in run("ls", "-l", "/notes").out
    run("abstract", "/notes")
    assert run("ls", "-l", "/notes").lines[0].endswith("a.md  Fencing tokens keep the late holder out.")
    listed = run("ls", "-l", "/")
    assert "notes/  Fencing tokens keep the late holder out. (at commit 2)" in listed.out
    assert "about: Fencing tokens keep the late holder out." in run("search", "fencing", "--explain").out


def test_the_context_of_a_session_that_is_not_there_is_a_misspelt_name(run: Run) -> None:
    ran = run("session", "context", "nope", "--json")
    assert (ran.status, ran.json["error"]["code"]) == (4, "not_found")
