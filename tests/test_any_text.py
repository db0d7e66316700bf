"""Whatever text a person or a program gives, the answer is an answer, or an error that says what is wrong."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from holdfast.errors import HoldfastError, InvalidPath, Unsupported
from holdfast.front.store import Store
from holdfast.lines import lines_of

TEXTS = (
    "", " ", "\ud800", "a\udcffb lease", "\0", "a\0b", "\u2028", "a\u2028b", "\x85", "\x0b\x0c", "\r", "\n", "\ufeff",
    "\ufeffword", "(", "[", "[!", "*", "**", "\\", "%s", "'; DROP TABLE entries; --", '"', "/", "//", "é" * 300,
    "\U0010ffff", "\ufdd0", "HEAD~999999999999999999999", "²", "١", "9" * 30, "-1", "2020-01-01T00:00:00+99:00",
    "0001-01-01", "9999-12-31T23:59:59", "(?P<a", "[z-a]", "a/../b", "~", "NaN", "{", "a{99999999999}", "(" * 5000,
    "x" * 1_000_000, "word " * 200_000, "/a" * 500_000,
)  # fmt: skip


def in_a_lock(store: Store, path: str, **options: Any) -> None:
    with store.lock(path, **options):
        pass


def keyed(store: Store, **options: Any) -> None:
    with store.transaction(**options) as tx:
        tx.mkdir("/made", exist_ok=True)


OPERATIONS: dict[str, Callable[[Store, str], object]] = {
    "search": lambda store, text: store.search(text),
    "search by words": lambda store, text: store.search(text, mode="text"),
    "search by meaning": lambda store, text: store.search(text, mode="vector"),
    "search in a mode": lambda store, text: store.search("lease", mode=text),  # type: ignore[arg-type]
    "search below": lambda store, text: store.search("lease", under=f"/{text}"),
    "search at": lambda store, text: store.search("lease", at=text),
    "grep": lambda store, text: list(store.grep(text)),
    "grep below": lambda store, text: list(store.grep("lease", f"/{text}")),
    "glob": lambda store, text: list(store.glob(text)),
    "glob below": lambda store, text: list(store.glob(f"/notes/{text}")),
    "log": lambda store, text: list(store.log(f"/{text}")),
    "diff": lambda store, text: store.diff(text),
    "commit": lambda store, text: store.commit_at(text),
    "restore": lambda store, text: store.restore(f"/{text}", at=1),
    "path": lambda store, text: store.read(text),
    "exists": lambda store, text: store.exists(f"/{text}"),
    "ls": lambda store, text: list(store.ls(f"/{text}")),
    "mkdir": lambda store, text: store.mkdir(f"/made/{text}", parents=True, exist_ok=True),
    "write at": lambda store, text: store.write(f"/made/{text}", "x"),
    "write": lambda store, text: store.write("/text.md", text),
    "message": lambda store, text: store.write("/message.md", repr(text)[:99], message=text),
    "actor": lambda store, text: store.write("/actor.md", repr(text)[:99], actor=text),
    "key": lambda store, text: keyed(store, idempotency_key=text),
    "session": lambda store, text: store.session(text).messages(),
    "say": lambda store, text: store.session("talk").append("user", text),
    "role": lambda store, text: store.session("talk").append(text, "hello"),
    "lock": lambda store, text: in_a_lock(store, f"/{text}"),
    "purpose": lambda store, text: in_a_lock(store, "/q", purpose=text, actor=text),
    "lock mode": lambda store, text: in_a_lock(store, "/q", mode=text),
    "break a lock": lambda store, text: store.locks.revoke(f"/{text}"),
    "adopt a lock": lambda store, text: store.locks.adopt(text),
    "abstract": lambda store, text: store.summaries.abstract(f"/{text}"),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_any_text_has_an_answer_or_an_error_that_says_why(name: str, store: Store) -> None:
    store.write("/notes/a.md", "a lease")
    for text in TEXTS:
        with suppress(HoldfastError):
            OPERATIONS[name](store, text)
    # What was stored can be read again.
    assert list(store.ls("/"))
    assert list(store.log())
    assert store.maintenance.verify().ok


def test_a_query_that_is_no_unicode_is_refused_in_every_mode(store: Store) -> None:
    for mode in ("hybrid", "text", "vector"):
        with pytest.raises(Unsupported, match="not valid Unicode"):
            store.search("caf\udce9", mode=mode)


def test_a_pattern_that_would_take_minutes_is_refused(store: Store) -> None:
    with pytest.raises(InvalidPath, match="too long"):
        store.grep("x" * 10_001)
    with pytest.raises(InvalidPath, match="too long"):
        list(store.glob("/" + "x" * 10_000))


# --- lines


def test_a_line_ends_where_an_editor_ends_it() -> None:
    assert lines_of("") == []
    assert lines_of("\n") == [""]
    assert lines_of("one\ntwo\r\n\nlast") == ["one", "two", "", "last"]
    odd = "a\x0bb\x0cc\x1cd\x1de\x1ef\x85g\u2028h\u2029i\rj"
    assert lines_of(f"{odd}\nnext\n") == [odd, "next"]


def test_grep_counts_lines_as_an_editor_does(store: Store) -> None:
    store.write("/notes.txt", "one\u2028still one\x0cand\x85still\nsecond\r\n\u2029third")
    found = {match.line: match.text for match in store.grep("one|second|third")}
    assert found.keys() == {1, 2, 3}
    assert (found[2], found[3]) == ("second", "\u2029third")


def test_a_file_of_messages_may_hold_any_character(store: Store, folder: Path, tmp_path: Path) -> None:
    from holdfast.cli import main

    told = tmp_path / "talk.jsonl"
    told.write_text('{"role": "user", "content": "one\u2028line"}\n{"role": "user", "content": "two\x85"}\n', "utf-8")
    store.close()
    assert main(["session", "append", "talk", "--jsonl", str(told), "--store", str(folder)]) == 0
