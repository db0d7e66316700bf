"""`holdfast props`, and what log, diff and changes tell of properties."""

import json

import pytest

from holdfast.front.store import Store
from tests.support.command_line import Run


@pytest.fixture
def note(store: Store) -> str:
    store.write("/notes/a.md", "a pelican")
    return "notes/a.md"


def test_properties_are_set_beside_others_and_shown(run: Run, store: Store, note: str) -> None:
    assert run("props", "set", note, "rating=4", "title=On pelicans", 'tags=["a", "b"]', 'id="7"').status == 0
    assert run("props", "set", note, "rating=5", "--object", '{"deep": {"a": null}}', "--remove", "id").status == 0
    expected = {"rating": 5, "title": "On pelicans", "tags": ["a", "b"], "deep": {"a": None}}
    assert store.properties.get("/notes/a.md") == expected
    assert run("props", "get", note).lines == [
        'deep={"a": null}',
        "rating=5",
        'tags=["a", "b"]',
        'title="On pelicans"',
    ]
    assert run("stat", note).lines[-1].startswith('has       {"deep"')
    assert run("stat", note, "--json").json["properties"] == expected
    assert run("props", "get", note, "--json").json == {"path": "/notes/a.md", "properties": expected}


def test_what_is_shown_can_be_set_again(run: Run, store: Store, note: str) -> None:
    store.properties.set("/notes/a.md", {"a": "4", "b": 4, "c": "null", "d": None, "e": {"f": [True]}})
    shown = run("props", "get", note).lines
    run("props", "set", "/notes", *shown)
    assert store.properties.get("/notes") == store.properties.get("/notes/a.md")


def test_replace_takes_away_what_is_not_given(run: Run, store: Store, note: str) -> None:
    run("props", "set", note, "a=1", "b=2")
    assert run("props", "set", note, "--replace", "c=3").lines == ["set properties of /notes/a.md (commit 4)"]
    assert run("props", "set", note, "c=3").lines == ["set properties of /notes/a.md (nothing changed)"]
    assert store.properties.get("/notes/a.md") == {"c": 3}
    assert run("props", "set", note, "--replace", "--json").json["properties"] == {}
    assert "has no properties" in run("props", "get", note).err


@pytest.mark.parametrize(
    ("typed", "code", "said"),
    [
        (["rating"], 2, "rating is not KEY=VALUE"),
        ([], 2, "say what to set"),
        (["--object", "[1]"], 1, "but no object"),
        (["--object", '{"a": 1, "a": 2}'], 1, "a key comes twice"),
        (["--object", "{a: 1}"], 1, "--object is not JSON"),
        (["--object", '{"a": NaN}'], 1, "NaN is no JSON"),
        (["--object", "[" * 100_000], 1, "too many levels"),
        (["a=1e999"], 1, "a is not a finite number"),
        (["$a=1"], 1, "cannot be called"),
        (["a=1", "--if-match", "2"], 3, "is not what it was at commit 2"),
    ],
)
def test_what_is_wrong_is_said(run: Run, store: Store, note: str, typed: list[str], code: int, said: str) -> None:
    store.write("/notes/a.md", "a heron")
    answer = run("props", "set", note, *typed)
    assert answer.status == code
    assert said in " ".join(answer.err.split())
    assert store.properties.get("/notes/a.md") == {}


def test_diff_changes_and_show_tell_of_them(run: Run, store: Store, note: str) -> None:
    store.properties.set("/notes/a.md", {"rating": 4})
    store.properties.set("/", {"v": 1})
    store.properties.set("/notes", {"v": 1})
    assert run("diff", "2").lines == ["P /", "P /notes/", "P /notes/a.md"]
    with store.transaction() as tx:
        tx.move("/notes/a.md", "/b.md")
        tx.properties.update("/b.md", {"rating": 5})
    assert run("show", "HEAD").lines[-1] == "R /notes/a.md -> /b.md, with its properties"
    patch = [line.strip() for line in run("diff", "-p", "HEAD~1").lines]
    assert patch[1:3] == ["--- /notes/a.md (properties)", "+++ /b.md (properties)"]
    assert {'-  "rating": 4', '+  "rating": 5'} <= set(patch)
    events = [json.loads(line) for line in run("changes", "--json", "--since", "2").lines]
    assert [(e["change"], e["path"], e["properties"]) for e in events] == [
        ("properties", "/notes/a.md", True),
        ("properties", "/", True),
        ("properties", "/notes", True),
        ("moved", "/b.md", True),
    ]
    below = [
        json.loads(line)["path"] for line in run("changes", "--json", "--since", "2", "--under", "/notes/a.md").lines
    ]
    assert below == ["/notes/a.md", "/b.md"]
    assert [commit.id for commit in store.log("/b.md")] == [6, 3, 2]
