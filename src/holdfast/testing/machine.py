"""A store and a dictionary side by side, through any sequence of operations, crashes and reopenings.

Run it with Hypothesis against stores of your own making:

class MyMachine(StoreMachine):
    components = Components(clock=ManualClock(), upkeep=False)

TestMyStore = MyMachine.TestCase
"""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

import holdfast
from holdfast import Components, faults
from holdfast.errors import HoldfastError
from holdfast.front.store import Store
from holdfast.paths import STANDARD_DIRECTORIES
from holdfast.publish.transaction import Transaction
from holdfast.recovery.gc import gc
from holdfast.recovery.verify import verify
from holdfast.testing.reference import Reference
from holdfast.testing.seams import rooms
from holdfast.tree.snapshot import Snapshot

STANDARD = tuple(f"/{name}" for name in STANDARD_DIRECTORIES)
PATHS = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map(lambda names: "/" + "/".join(names))
#: what may be done; writes and moves more often than the rest
OPERATIONS = st.sampled_from(
    ["write", "write", "edit", "edit", "binary", "mkdir", "move", "move", "copy", "remove", "restore", "give", "give"]
)
#: what an edit replaces: there once, twice, or not at all, and with what; the last two change nothing
EDITS = st.sampled_from([("stands", "stood"), ("stands here", ""), (" ", "\n"), ("here", "here"), ("absent", "there")])
#: properties to give; None takes one away
PROPERTIES = st.dictionaries(st.sampled_from("pq"), st.sampled_from([1, 2, "x", None]), max_size=2)
#: passages of fault points that an operation is let through before it is killed
PASSAGES = st.integers(0, 12)

#: an operation of a store or a transaction, and the same on a reference
Pair = tuple[Callable[[Store | Transaction], object], Callable[[Reference], type[HoldfastError] | None]]


def word(number: int) -> str:
    """Return a word that no language has, and that full text neither splits nor stems."""
    return "zq" + str(number).translate(str.maketrans("0123456789", "bcdfghjklm")) + "zq"


class Killed(BaseException):
    """The process is gone; what is on the disk was put aside at that instant."""


class KillAt:
    """Stands for a kill at the chosen passage of any point: the folder is copied as a kill would leave it."""

    def __init__(self, passage: int, folder: Path, aside: Path) -> None:
        self.left: int = passage
        self.folder: Path = folder
        self.aside: Path = aside

    def __call__(self, name: str) -> None:
        self.left -= 1
        if self.left == -1:
            shutil.copytree(self.folder, self.aside, ignore=shutil.ignore_patterns("*-shm"))
            raise Killed


class StoreMachine(RuleBasedStateMachine):
    """The store and the dictionary. A subclass may say what a store is made of, and how one is made and opened."""

    #: what the store is opened with; its upkeep runs when a rule says so, and not in the background
    components: ClassVar[Components] = Components(upkeep=False)

    def make_store(self, folder: Path) -> None:
        """Make an empty store in `folder`, which is not there yet."""
        holdfast.create(folder, components=self.components).close()

    def open_store(self, folder: Path) -> Store:
        """Open the store in `folder`."""
        return holdfast.open(folder, durability="relaxed", components=self.components)

    def __init__(self) -> None:
        super().__init__()
        self.place: Path = Path(tempfile.mkdtemp(prefix="holdfast-machine-"))
        self.folders: int = 0
        self.words: int = 0
        self.expected: Reference = Reference(dict.fromkeys(STANDARD))
        self.past: dict[int, Reference] = {1: self.expected.copied()}
        self.kept: list[tuple[Snapshot, int]] = []

    @initialize()
    def begin(self) -> None:
        self.folder: Path = self.place / "0"
        self.make_store(self.folder)
        self.open()

    # --- rules: one operation, several, or one that is killed

    def operation(self, data: st.DataObject) -> Pair:
        """Draw an operation."""
        path, other = data.draw(PATHS), data.draw(PATHS)
        flag = data.draw(st.booleans())
        match data.draw(OPERATIONS):
            case "write":
                self.words += 1
                text = f"{word(self.words)} stands here".encode()
                return (lambda on: on.write(path, text)), (lambda ref: ref.write(path, text))
            case "edit":
                old, new = data.draw(EDITS)
                return (lambda on: on.edit(path, old, new, all=flag)), (lambda ref: ref.edit(path, old, new, flag))
            case "binary":
                raw = b"\0\1" * data.draw(st.sampled_from([1, 40_000]))
                return (lambda on: on.write(path, raw)), (lambda ref: ref.write(path, raw))
            case "mkdir":
                return (lambda on: on.mkdir(path)), (lambda ref: ref.mkdir(path))
            case "move":
                return (
                    lambda on: on.move(path, other, overwrite=flag),
                    lambda ref: ref.move(path, other, flag),
                )
            case "copy":
                return (
                    lambda on: on.copy(path, other, overwrite=flag),
                    lambda ref: ref.copy(path, other, flag),
                )
            case "remove":
                return (lambda on: on.remove(path, recursive=flag)), (lambda ref: ref.remove(path, flag))
            case "give":
                given = data.draw(PROPERTIES)
                path = data.draw(st.sampled_from([path, "/"]))
                put = {key: value for key, value in given.items() if value is not None}
                gone = [key for key, value in given.items() if value is None]
                return (
                    lambda on: on.properties.update(path, put, remove=gone),
                    lambda ref: ref.give(path, given),
                )
            case _:
                at = data.draw(st.sampled_from(sorted(self.past)))
                return (lambda on: on.restore(path, at=at)), (lambda ref: ref.restore(path, self.past[at]))

    @rule(data=st.data())
    def one(self, data: st.DataObject) -> None:
        on_store, on_reference = self.operation(data)
        self.compare(on_store, self.store, on_reference, self.expected)
        self.note()

    @rule(data=st.data(), count=st.integers(1, 5), kept=st.booleans())
    def several(self, data: st.DataObject, count: int, kept: bool) -> None:
        inside = self.expected.copied()
        with self.store.transaction() as tx:
            for _ in range(count):
                on_tx, on_reference = self.operation(data)
                self.compare(on_tx, tx, on_reference, inside)
                assert {i.path for i in tx.tree("/")} == set(inside.at)
            if not kept:
                tx.rollback()
        if kept:
            self.expected = inside
        self.note()

    @rule(data=st.data(), passage=PASSAGES, count=st.integers(1, 3))
    def killed(self, data: st.DataObject, passage: int, count: int) -> None:
        """Kill a commit at some fault point: all of it is there afterwards, or none."""
        after, aside = self.expected.copied(), self.place / f"{self.folders + 1}"
        tx = self.store.transaction().__enter__()
        for _ in range(count):
            on_tx, on_reference = self.operation(data)
            self.compare(on_tx, tx, on_reference, after)
        try:
            with faults.observing(KillAt(passage, self.folder, aside)):
                tx.commit()
        except Killed:
            self.reopen_at(aside)
        else:
            self.expected = after
        if (self.seen(), self.given()) == (after.at, after.properties):
            self.expected = after
        self.note()

    @rule(passage=PASSAGES, work=st.sampled_from(["optimize", "gc"]))
    def killed_at_work(self, passage: int, work: str) -> None:
        """Kill upkeep at some fault point: nobody sees a difference."""
        aside = self.place / f"{self.folders + 1}"
        try:
            with faults.observing(KillAt(passage, self.folder, aside)):
                self.store.maintenance.optimize() if work == "optimize" else gc(rooms(self.store))
        except Killed:
            self.reopen_at(aside)
        self.note()

    @rule()
    def reopened(self) -> None:
        self.store.close()
        self.kept.clear()
        self.open()

    @rule()
    def keep_a_snapshot(self) -> None:
        snap = self.store.snapshot()
        self.kept.append((snap, snap.commit.id))

    # --- rules: looking

    @precondition(lambda self: self.kept)
    @rule(data=st.data())
    def look_at_a_kept_snapshot(self, data: st.DataObject) -> None:
        snap, seq = data.draw(st.sampled_from(self.kept))
        assert {i.path: None if i.is_dir else snap.read(i.path) for i in snap.tree("/")} == self.past[seq].at

    @rule(data=st.data())
    def look_back(self, data: st.DataObject) -> None:
        seq = data.draw(st.sampled_from(sorted(self.past)))
        then = self.store.snapshot(at=seq)
        assert set(self.past[seq].at) == {info.path for info in then.tree("/")}
        assert self.given(then) == self.past[seq].properties

    @rule(data=st.data())
    def all_as_it_was(self, data: st.DataObject) -> None:
        """Restore the whole tree: everything is where it was, and the same node as then."""
        seq = data.draw(st.sampled_from(sorted(self.past)))
        self.store.restore("/", at=seq)
        self.expected = self.past[seq].copied()
        assert self.store.diff(seq) == []
        assert self.given(self.store.snapshot(at=seq)) == self.expected.properties
        self.note()

    @rule(data=st.data(), key=st.sampled_from("pq"), value=st.sampled_from([1, 2, "x"]))
    def find(self, data: st.DataObject, key: str, value: object) -> None:
        """Filter by property, now and at an earlier commit."""
        for seq in (None, data.draw(st.sampled_from(sorted(self.past)))):
            given = (self.expected if seq is None else self.past[seq]).properties
            wanted = {path for path, has in given.items() if path != "/" and has.get(key) == value}
            assert set(self.store.snapshot(at=seq).glob("/**", where={key: value})) == wanted

    @precondition(lambda self: self.words)
    @rule(data=st.data())
    def search(self, data: st.DataObject) -> None:
        wanted_word = word(data.draw(st.integers(1, self.words)))
        wanted = {path for path, held in self.expected.at.items() if held and wanted_word.encode() in held.split()}
        found = {hit.path for hit in self.store.search(wanted_word, mode="text", limit=50)}
        assert found <= wanted
        assert bool(found) == bool(wanted)

    # --- helpers

    def open(self) -> None:
        self.store: Store = self.open_store(self.folder)

    def reopen_at(self, aside: Path) -> None:
        """Go on with what a kill left on the disk."""
        self.store.close()
        self.kept.clear()
        self.folders += 1
        self.folder = aside
        self.open()

    def compare(
        self,
        on_store: Callable[[Store | Transaction], object],
        target: Store | Transaction,
        on_reference: Callable[[Reference], type[HoldfastError] | None],
        reference: Reference,
    ) -> None:
        """Do the same on both sides: both do it, or both refuse it for the same reason."""
        refused = on_reference(reference)
        raised = None
        try:
            on_store(target)
        except HoldfastError as error:
            raised = type(error)
        assert raised is refused

    def seen(self) -> dict[str, bytes | None]:
        return {i.path: None if i.is_dir else self.store.read(i.path) for i in self.store.tree("/")}

    def given(self, at: Snapshot | None = None) -> dict[str, Any]:
        """Return the properties of all that has some."""
        view = at or self.store.snapshot()
        found = {path: view.properties.get(path) for path in ("/", *(info.path for info in view.tree("/")))}
        return {path: given for path, given in found.items() if given}

    def note(self) -> None:
        """Compare the head, and remember what it shows."""
        assert self.seen() == self.expected.at
        assert self.given() == self.expected.properties
        nodes = [info.id for info in self.store.tree("/")]
        assert len(nodes) == len(set(nodes)), "a node stands in one place"
        self.past[self.store.commit_at().id] = self.expected.copied()

    def teardown(self) -> None:
        if hasattr(self, "store"):
            report = verify(rooms(self.store), deep=True)
            self.store.close()
            shutil.rmtree(self.place, ignore_errors=True)
            assert not report.problems, report.problems
