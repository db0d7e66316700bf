"""The rules of write, mkdir, move, copy and remove, as a transaction and a store follow them."""

import io
from pathlib import Path
from typing import Any

import pytest

from holdfast import paths
from holdfast.errors import (
    AlreadyExists,
    HoldfastError,
    InvalidPath,
    IsADirectory,
    NotADirectory,
    NotEmpty,
    NotFound,
    Unsupported,
)
from holdfast.front.store import Store
from tests.support.looking import contents_of, entry_rows, paths_of


@pytest.fixture(autouse=True)
def _some_files(store: Store) -> None:
    with store.transaction() as tx:
        tx.write("/d/x.txt", "x")
        tx.write("/d/sub/y.txt", "y")
        tx.write("/f.txt", "f")
        tx.mkdir("/empty")


def refused(store: Store, kind: type[HoldfastError], operation: str, *args: object, **options: object) -> HoldfastError:
    """Check that a store and a transaction both refuse an operation, and that nothing changed."""
    before, head = contents_of(store), store.commit_at().id
    with pytest.raises(kind) as from_store:
        getattr(store, operation)(*args, **options)
    with pytest.raises(kind), store.transaction() as tx:
        getattr(tx, operation)(*args, **options)
    assert contents_of(store) == before
    assert store.commit_at().id == head
    assert from_store.value.remedy
    return from_store.value


# --- write


def test_a_write_makes_the_missing_directories(store: Store) -> None:
    store.write("/p/q/r.txt", "r")
    assert store.stat("/p/q").is_dir
    assert store.read("/p/q/r.txt") == b"r"


def test_a_write_over_a_file_keeps_its_node(store: Store) -> None:
    node = store.stat("/f.txt").id
    store.write("/f.txt", "new")
    assert store.stat("/f.txt").id == node
    assert store.read("/f.txt") == b"new"


def test_writing_the_same_bytes_again_is_no_commit(store: Store) -> None:
    head = store.commit_at().id
    assert store.write("/f.txt", "f").id == head
    assert store.commit_at().id == head


@pytest.mark.parametrize("path", ["/d", "/", "/new/"])
def test_a_write_onto_a_directory_is_refused(store: Store, path: str) -> None:
    refused(store, IsADirectory, "write", path, "x")


def test_a_write_below_a_file_is_refused(store: Store) -> None:
    assert refused(store, NotADirectory, "write", "/f.txt/x", "x").path == "/f.txt"
    refused(store, NotADirectory, "write", "/f.txt/x/y/z", "x")


def test_bytes_come_back_as_they_were_written(store: Store) -> None:
    for data in (b"", b"\0\xff\xfe", "\ufeffbom\r\nline".encode(), b"x" * 70_000):
        store.write("/bytes.bin", data)
        assert store.read("/bytes.bin") == data


# --- mkdir


def test_mkdir(store: Store) -> None:
    store.mkdir("/n")
    store.mkdir("/n/m/o", parents=True)
    store.mkdir("/n", exist_ok=True)
    store.mkdir("/", exist_ok=True)
    assert list(store.ls("/n/m/o")) == []
    refused(store, AlreadyExists, "mkdir", "/n")
    refused(store, AlreadyExists, "mkdir", "/")
    refused(store, AlreadyExists, "mkdir", "/f.txt", exist_ok=True)
    refused(store, NotFound, "mkdir", "/no/such")
    refused(store, NotADirectory, "mkdir", "/f.txt/x", parents=True)


# --- move


def test_a_move_takes_all_below_along(store: Store) -> None:
    nodes = {info.path: info.id for info in store.tree("/d")}
    store.move("/d", "/e")
    assert {info.path: info.id for info in store.tree("/e")} == {
        path.replace("/d", "/e", 1): node for path, node in nodes.items()
    }
    assert not store.exists("/d")


@pytest.mark.parametrize("target", ["/d/sub/d", "/d/new", "/d/sub"])
def test_a_directory_cannot_move_into_itself(store: Store, target: str) -> None:
    refused(store, InvalidPath, "move", "/d", target, overwrite=True)


def test_a_move_to_where_it_is_changes_nothing(store: Store) -> None:
    head = store.commit_at().id
    store.move("/d", "/d/")
    store.move("/f.txt", "/f.txt")
    assert store.commit_at().id == head


def test_a_move_onto_something_is_refused_unless_it_may_replace_it(store: Store) -> None:
    refused(store, AlreadyExists, "move", "/f.txt", "/d/x.txt")
    refused(store, AlreadyExists, "move", "/d", "/empty")
    store.move("/f.txt", "/d/x.txt", overwrite=True)
    assert store.read("/d/x.txt") == b"f"
    store.move("/d", "/empty", overwrite=True)
    assert contents_of(store)["/empty/x.txt"] == b"f"
    assert not store.exists("/d")


def test_a_move_never_replaces_another_kind_or_a_full_directory(store: Store) -> None:
    refused(store, IsADirectory, "move", "/f.txt", "/d", overwrite=True)
    refused(store, NotADirectory, "move", "/d", "/f.txt", overwrite=True)
    refused(store, AlreadyExists, "move", "/empty", "/d", overwrite=True)


def test_a_move_needs_a_source_and_a_parent(store: Store) -> None:
    refused(store, NotFound, "move", "/none", "/x")
    refused(store, NotFound, "move", "/f.txt", "/no/such/f.txt")
    refused(store, NotADirectory, "move", "/d", "/f.txt/d")
    refused(store, InvalidPath, "move", "/", "/x")
    refused(store, IsADirectory, "move", "/d", "/", overwrite=True)


def test_a_rename_may_change_the_case_only(store: Store) -> None:
    store.move("/d", "/D")
    store.move("/f.txt", "/F.TXT")
    assert {"/D", "/F.TXT"} <= set(paths_of(store))
    assert not store.exists("/d")
    store.write("/f.txt", "another")
    assert store.read("/F.TXT") == b"f"


def test_names_are_one_in_nfc(store: Store) -> None:
    store.write("/cafe\u0301.md", "decomposed")
    store.write("/caf\u00e9.md", "composed")
    assert [path for path in paths_of(store) if "caf" in path] == ["/caf\u00e9.md"]
    assert store.read("/cafe\u0301.md") == b"composed"


def test_hostile_names_are_only_names(store: Store) -> None:
    for name in ("'; DROP TABLE entries; --", "%s%n", "{x}", ":name", "-rf", " ", "\u202egpj.exe", "CON", "a\\b", "💥"):
        store.write(f"/names/{name}", name)
    assert {info.name: store.read(info.path).decode() for info in store.ls("/names")} == {
        info.name: info.name for info in store.ls("/names")
    }
    assert len(list(store.ls("/names"))) == 10


# --- copy


def test_a_copy_has_new_nodes_and_the_same_contents(store: Store) -> None:
    store.copy("/d", "/e")
    both = contents_of(store)
    assert both["/e/sub/y.txt"] == both["/d/sub/y.txt"] == b"y"
    assert not {i.id for i in store.tree("/d")} & {i.id for i in store.tree("/e")}
    store.write("/e/x.txt", "changed")
    assert store.read("/d/x.txt") == b"x"


def test_a_copy_obeys_the_rules_of_a_move(store: Store) -> None:
    refused(store, InvalidPath, "copy", "/d", "/d/sub/d")
    refused(store, InvalidPath, "copy", "/f.txt", "/f.txt", overwrite=True)
    refused(store, InvalidPath, "copy", "/", "/all")
    refused(store, AlreadyExists, "copy", "/f.txt", "/d/x.txt")
    refused(store, NotFound, "copy", "/none", "/x")
    refused(store, IsADirectory, "copy", "/f.txt", "/d", overwrite=True)
    store.copy("/f.txt", "/d/x.txt", overwrite=True)
    assert store.read("/d/x.txt") == store.read("/f.txt") == b"f"


# --- remove


def test_a_remove(store: Store) -> None:
    refused(store, NotEmpty, "remove", "/d")
    refused(store, NotFound, "remove", "/none", recursive=True)
    refused(store, InvalidPath, "remove", "/", recursive=True)
    store.remove("/empty")
    store.remove("/f.txt")
    store.remove("/d", recursive=True)
    assert contents_of(store) == {}
    refused(store, NotFound, "remove", "/d/x.txt")


def test_a_path_that_was_removed_can_be_made_anew_as_another_kind(store: Store) -> None:
    store.remove("/f.txt")
    store.mkdir("/f.txt")
    store.write("/f.txt/inside", "i")
    store.remove("/d", recursive=True)
    store.write("/d", "a file now")
    assert store.read("/d") == b"a file now"


# --- cost


@pytest.mark.parametrize("files", [3, 300])
def test_moving_and_removing_write_the_same_few_rows_however_much_lies_below(store: Store, files: int) -> None:
    with store.transaction() as tx:
        for number in range(files):
            tx.write(f"/many/{number % 7}/{number}.txt", "same")
    begun, ended = entry_rows(store)
    store.move("/many", "/moved")
    assert entry_rows(store) == (begun + 1, ended + 1)
    assert store.commit_at().changes == 2
    store.remove("/moved", recursive=True)
    assert entry_rows(store) == (begun + 1, ended + 2)


def test_a_path_of_4096_bytes_is_written_moved_copied_and_removed(store: Store) -> None:
    deepest = "/x" * 2048
    store.write(deepest, "deep")
    assert store.read(deepest) == b"deep"
    assert list(store.tree("/x"))[-1].path == deepest
    assert list(store.glob("/x/**"))[-1] == deepest
    store.copy("/x", "/y")
    assert store.read("/y" + deepest[2:]) == b"deep"
    store.move("/x", "/z")
    with store.transaction() as tx:
        tx.write("/z" + deepest[2:], "deeper")
        assert len(list(tx.tree("/z"))) == 2047
    assert store.read("/z" + deepest[2:]) == b"deeper"
    assert store.diff("HEAD~1")[0].path == "/z" + deepest[2:]
    assert len(list(store.log("/z" + deepest[2:]))) == 2
    store.remove("/z", recursive=True)
    assert not store.exists("/z" + deepest[2:])


@pytest.fixture
def deep(store: Store) -> str:
    """Return a path longer than one may be made at, where a move has put a file."""
    half, far = "/x" * 1024, "/y" * 1500
    store.write(half + "/far", "deep")
    store.mkdir(far, parents=True)
    store.move("/x", far + "/x")
    return far + half + "/far"


def test_what_a_move_pushed_past_the_longest_path_can_be_named_like_the_rest(store: Store, deep: str) -> None:
    assert list(store.tree("/y"))[-1].path == deep
    assert (store.read(deep), store.stat(deep).name) == (b"deep", "far")
    assert store.search("deep", under=deep)[0].path == deep
    assert next(store.ls(paths.split(deep)[0])).path == deep
    store.write(deep, "written over")
    assert [match.path for match in store.grep("written", deep)] == [deep]
    assert len(list(store.log(deep))) == 2
    store.move(deep, "/near")
    store.restore(deep, at="HEAD~1")
    assert store.read(deep) == b"written over"
    store.remove(deep)
    assert not store.exists(deep)


def test_nothing_is_made_beyond_the_longest_path(store: Store, deep: str) -> None:
    directory = paths.split(deep)[0]
    refused(store, InvalidPath, "write", directory + "/new", "x")
    refused(store, InvalidPath, "mkdir", directory + "/new")
    refused(store, InvalidPath, "move", "/f.txt", directory + "/new")
    refused(store, InvalidPath, "copy", "/f.txt", directory + "/new")
    store.write("/x/" + "n" * 200, "fits here")
    store.mkdir("/z" * 1950, parents=True)
    refused(store, InvalidPath, "copy", "/x", "/z" * 1950 + "/x")


def test_what_was_deepened_while_it_moved_can_be_named(store: Store) -> None:
    half, far = "/x" * 1024, "/y" * 1500
    store.mkdir(half, parents=True)
    store.mkdir(far, parents=True)
    with store.transaction() as tx:
        tx.move("/x", far + "/x")
        store.write(half + "/far", "deep")
    assert store.read(far + half + "/far") == b"deep"
    store.remove(far + half + "/far")


# --- what is no change


@pytest.mark.parametrize(
    "operations",
    [
        [("write", "/f.txt", "new"), ("write", "/f.txt", "f")],
        [("remove", "/f.txt"), ("write", "/f.txt", "f")],
        [("write", "/f.txt", "new"), ("remove", "/f.txt"), ("write", "/f.txt", "f")],
        [("remove", "/empty"), ("mkdir", "/empty")],
        [
            ("remove", "/d/x.txt"),
            ("remove", "/d/sub/y.txt"),
            ("remove", "/d/sub"),
            ("mkdir", "/d/sub"),
            ("write", "/d/sub/y.txt", "y"),
            ("write", "/d/x.txt", "x"),
        ],
        [("move", "/f.txt", "/g"), ("move", "/g", "/f.txt")],
        [("move", "/d", "/g"), ("write", "/g/x.txt", "new"), ("write", "/g/x.txt", "x"), ("move", "/g", "/d")],
        [("move", "/d/sub", "/g"), ("move", "/d", "/g/d"), ("move", "/g/d", "/d"), ("move", "/g", "/d/sub")],
        [("copy", "/f.txt", "/g"), ("remove", "/g")],
        [("write", "/cafe\u0301", "c"), ("remove", "/caf\u00e9")],
        [("move", "/f.txt", "/cafe\u0301"), ("move", "/caf\u00e9", "/f.txt")],
        [("remove", "/d/x.txt"), ("copy", "/f.txt", "/d/x.txt"), ("write", "/d/x.txt", "x")],
    ],
)
def test_what_is_put_back_as_it_was_is_no_change(store: Store, operations: list[tuple[str, ...]]) -> None:
    head, rows, was = store.commit_at(), entry_rows(store), list(store.tree("/"))
    with store.transaction() as tx:
        for name, *paths_and_text in operations:
            getattr(tx, name)(*paths_and_text)
    assert tx.published == head
    assert (store.commit_at(), entry_rows(store), list(store.tree("/"))) == (head, rows, was)


@pytest.mark.parametrize("path", ["/", "/d", "/d/sub", "/f.txt", "/gone"])
def test_what_is_taken_away_and_restored_is_no_change(store: Store, path: str) -> None:
    store.write("/gone/x.txt", "x")
    store.write("/gone/x.txt", "changed", message="changed")
    with_it = store.commit_at().id
    store.remove("/gone", recursive=True)
    head, rows = store.commit_at(), entry_rows(store)
    with store.transaction() as tx:
        tx.restore("/gone", at=with_it - 1)
        tx.write("/gone/new", "new")
        tx.remove("/gone", recursive=True)
        if path not in ("/", "/gone"):
            tx.remove(path, recursive=True)
            tx.restore(path, at=head.id)
        tx.restore("/", at=head.id)
    assert tx.published == head
    assert (store.commit_at(), entry_rows(store)) == (head, rows)
    store.restore("/gone", at=with_it)
    assert contents_of(store)["/gone/x.txt"] == b"changed"


def test_a_copy_over_the_same_is_no_change_and_over_another_keeps_its_node(store: Store) -> None:
    store.write("/g.txt", "f")
    head, node = store.commit_at(), store.stat("/g.txt").id
    assert store.copy("/f.txt", "/g.txt", overwrite=True) == head
    store.mkdir("/hollow")
    head = store.commit_at()
    assert store.copy("/empty", "/hollow", overwrite=True) == head
    assert store.mkdir("/hollow", exist_ok=True) == head
    store.copy("/d/x.txt", "/g.txt", overwrite=True)
    assert (store.read("/g.txt"), store.stat("/g.txt").id) == (b"x", node)


def test_a_file_removed_and_written_anew_in_one_transaction_goes_on(store: Store) -> None:
    node = store.stat("/f.txt").id
    with store.transaction() as tx:
        tx.remove("/f.txt")
        tx.write("/f.txt", "new")
    assert store.stat("/f.txt").id == node
    with store.transaction() as tx:
        tx.move("/f.txt", "/g.txt")
        tx.write("/f.txt", "another")
    assert (store.stat("/g.txt").id, store.stat("/f.txt").id != node) == (node, True)


def test_a_file_on_disk_is_written_from_its_path(store: Store, tmp_path: Path) -> None:
    source = tmp_path / "source.txt"
    source.write_text("from disk")
    store.write("/copy.txt", source)
    with source.open("rb") as file:
        store.write("/stream.txt", file)
    assert store.read("/copy.txt") == store.read("/stream.txt") == b"from disk"


@pytest.mark.parametrize("data", [3, None, bytearray(b"x"), io.StringIO("text")])
def test_what_is_neither_bytes_nor_text_is_refused_by_name(store: Store, data: Any) -> None:
    with pytest.raises(Unsupported) as refused:
        store.write("/x.txt", data)
    assert refused.value.remedy
    with pytest.raises(Unsupported), store.transaction() as tx:
        tx.write("/x.txt", data)
    assert not store.exists("/x.txt")


def test_a_file_on_disk_that_cannot_be_read_is_named(store: Store, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"none\.txt"):
        store.write("/x.txt", tmp_path / "none.txt")
    with pytest.raises(IsADirectory):
        store.write("/x.txt", tmp_path)
    assert not store.exists("/x.txt")
