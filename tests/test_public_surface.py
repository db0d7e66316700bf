"""What a user may rely on, pinned: a name that comes or goes here is a decision, not an accident."""

import inspect
import re

import pytest

import holdfast
from holdfast import errors
from holdfast.errors import HoldfastError
from holdfast.front.store import Store
from holdfast.publish.transaction import Transaction
from holdfast.tree.snapshot import Snapshot

ERRORS = {
    "AlreadyExists", "Conflict", "ConversionFailed", "CorruptStore", "HoldfastError", "InvalidConfig", "InvalidPath",
    "IsADirectory", "LockLost", "Locked", "NotADirectory", "NotEmpty", "NotFound", "ProviderFailed", "ReadOnly",
    "StorageFailed", "StoreNotFound", "StoreTooNew", "TooLarge", "Unsupported",
}  # fmt: skip
#: raised with a remedy of their own each time
WITHOUT_REMEDY = {"HoldfastError", "Unsupported"}
VALUES = {"Change", "Commit", "Explanation", "Hit", "FileInfo", "GrepMatch", "Snapshot", "Store", "Transaction"}
#: what the store's methods return or take besides, for annotations
REPORTS = {
    "AddReport", "Failure", "Finding", "GcReport", "IntentInfo", "Lost", "OptimizeReport", "Problem", "Progress",
    "ReindexReport", "RepairReport", "Status", "VerifyReport",
}  # fmt: skip
WORK = {
    "Archive", "Summary", "Job", "JobContext", "JobKind", "Lock", "LockInfo", "LockStats", "Memory", "Message", "JobQueue",
    "Session", "SessionInfo", "Worker",
}  # fmt: skip
FUNCTIONS = {"init", "open"}
#: in annotations of the store's methods: Python's own, and Holdfast's that nobody has to name
OF_PYTHON = {"Any", "BinaryIO", "Callable", "Iterable", "Iterator", "None", "Path", "PathLike", "Sequence"}
UNNAMED = {"Enqueueing", "TransactionScope"}

READING = {"exists", "glob", "grep", "ls", "read", "read_text", "stat", "stream", "tree"}
CHANGING = {"copy", "mkdir", "move", "remove", "restore", "write"}
HISTORY = {"commit", "diff", "log", "show", "snapshot"}
#: of a transaction, which the rooms above use to join a commit
INSIDE = {"also", "came_from", "claim", "put", "require"}
ENDING = {"commit", "ended", "enqueue", "rollback"}
LOCKS = {"adopt_lock", "break_lock", "lock", "lock_queue", "lock_stats", "locks"}
SESSIONS = {"abstract", "abstracts", "enqueue", "jobs", "memories", "overview", "session", "sessions", "worker"}
CARE = {"doctor", "gc", "journal", "optimize", "reindex", "repair", "status", "verify"}
STORE = {"add", "close", "explain", "folder", "read_only", "search", "settings", "store_id", "transaction", "watch"}


def public(thing: object) -> set[str]:
    return {name for name in dir(thing) if not name.startswith("_")}


def classes() -> dict[str, type[HoldfastError]]:
    found = vars(errors).values()
    return {each.__name__: each for each in found if isinstance(each, type) and issubclass(each, HoldfastError)}


def test_the_package_offers_these_names() -> None:
    assert {*holdfast.__all__} == ERRORS | VALUES | REPORTS | WORK | FUNCTIONS
    assert list(holdfast.__all__) == sorted(holdfast.__all__)
    assert all(hasattr(holdfast, name) for name in holdfast.__all__)
    assert {*holdfast.__all__} <= {*dir(holdfast)}
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = holdfast.Nothing  # type: ignore[attr-defined]


def test_what_a_store_returns_or_takes_has_a_public_name() -> None:
    methods = [member for name, member in inspect.getmembers(Store, inspect.isfunction) if name in public(Store)]
    named = {name for each in methods for name in re.findall(r"\b[A-Z]\w+", str(each.__annotations__))}
    assert named - {*holdfast.__all__} == OF_PYTHON | UNNAMED


def test_a_store_has_these_methods(store: Store) -> None:
    assert public(store) == READING | CHANGING | HISTORY | LOCKS | SESSIONS | CARE | STORE


def test_what_one_looks_at_in_a_shell_says_which_it_is(store: Store) -> None:
    assert repr(store) == f"<Store {store.folder}>"
    assert repr(store.snapshot()) == "<Snapshot at commit 1>"
    assert repr(store.session("chat")) == "<Session chat>"


def test_a_snapshot_only_reads() -> None:
    assert public(Snapshot) == READING


def test_a_transaction_reads_changes_and_ends() -> None:
    assert public(Transaction) == READING | CHANGING | ENDING | INSIDE


def test_what_is_public_says_what_it_does() -> None:
    for thing in (
        Store,
        Snapshot,
        Transaction,
        *(getattr(holdfast, name) for name in VALUES | REPORTS | WORK | FUNCTIONS),
    ):
        members = [member for name, member in inspect.getmembers(thing) if not name.startswith("_")]
        for each in (thing, *(member for member in members if inspect.isfunction(member))):
            text = inspect.getdoc(each) or ""
            assert re.match(r"[A-Z][^\n]*", text), f"{each!r} has no first line"


def test_the_tree_of_errors_is_drawn_as_it_is() -> None:
    drawn: dict[str, tuple[str, str]] = {}
    above = ["HoldfastError"]
    for line in (errors.__doc__ or "").splitlines():
        found = re.fullmatch(r"    ([│ ]*)[├└]── (\w+) +(\S.*)", line)
        if found:
            del above[1 + len(found[1]) // 4 :]
            drawn[found[2]] = above[-1], found[3]
            above.append(found[2])
    true = {name: kind.__mro__[1].__name__ for name, kind in classes().items() if kind is not HoldfastError}
    assert {name: parent for name, (parent, _) in drawn.items()} == true


def test_every_error_is_public_and_has_a_code_of_its_own_and_a_remedy() -> None:
    found = classes()
    assert {*found} == ERRORS
    assert len({kind.code for kind in found.values()}) == len(found)
    named = {name: re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower() for name in ERRORS - {"HoldfastError"}}
    assert {name: found[name].code for name in named} == named
    assert not [name for name, kind in found.items() if name not in WITHOUT_REMEDY and not kind.default_remedy]


def test_the_exit_status_tells_what_a_script_would_ask() -> None:
    status: dict[int, set[str]] = {}
    for name, kind in classes().items():
        status.setdefault(kind.exit_status, set()).add(name)
    assert status[2] == {"InvalidPath", "InvalidConfig"}
    assert status[3] == {"Conflict", "Locked", "LockLost"}
    assert status[4] == {"NotFound", "StoreNotFound"}
    assert set(status) == {1, 2, 3, 4}
