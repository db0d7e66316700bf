"""The rows of the crash matrix: every way to change a store, what it starts from, and how it is done.

To add an operation, add a row: what it needs beforehand is written by `before`, the operation itself is `act`. What it
passes on its way is found out by running it. `act` gets a folder, because opening a store is an operation too.
"""

import contextlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pytest

import holdfast
from holdfast import Components
from holdfast.catalog import upgrade
from holdfast.catalog.properties import stored
from holdfast.errors import Locked, NotFound, ProviderFailed
from holdfast.front.store import Store
from holdfast.graph.loading.loading import FEW_ROWS
from holdfast.index.embedding.embedder import PREDECESSORS
from holdfast.index.embedding.folders import StaticEmbedder
from holdfast.ingest.converters.text import TextConverter
from holdfast.publish.transaction import Transaction
from holdfast.recovery.gc import gc
from holdfast.recovery.sweep import sweep
from holdfast.testing.seams import rooms
from holdfast.tree.properties.checking import property_set
from holdfast.upkeep import graph_copies
from holdfast.upkeep.graph_fold import fold_graph
from holdfast.upkeep.waiting import embed_waiting
from tests.support.crash import graph_work, session_work
from tests.support.graphs import edge, paper, person, with_graph

#: more bytes than live in the catalog: a blob
BLOB = bytes(range(256)) * 400
#: words that stand in one file each; a search for one must find just that file
ZEBRA, QUOKKA, WALRUS, OCELOT = "zebracorn", "quokkafish", "walrushen", "ocelotbee"
TOKENS = (ZEBRA, QUOKKA, WALRUS, OCELOT)


def book(token: str, chapters: int = 300) -> str:
    """Return a document of so many chunks that its search rows do not go to the tail."""
    parts = [
        f"## Chapter {n}\n\nAbout {token} number {n}, " + "and some more words of no weight " * 4
        for n in range(chapters)
    ]
    return "\n\n".join(parts)


@contextlib.contextmanager
def quiet(folder: Path) -> Iterator[Store]:
    """Open a store without its background upkeep, which would pass fault points whenever it likes."""
    with holdfast.open(folder, components=Components(upkeep=False)) as store:
        yield store


@dataclass(frozen=True)
class Operation:
    """One row."""

    name: str
    act: Callable[[Path], object]
    before: Callable[[Path], object] = lambda folder: None
    #: whether it can be done a second time where it has been done already
    again: bool = True
    #: whether it mends a damaged store step by step, each of which is seen
    mends: bool = False


def on_store(action: Callable[[Store], object]) -> Callable[[Path], None]:
    """Return `action` as something done to a folder."""

    def act(folder: Path) -> None:
        with quiet(folder) as store:
            action(store)

    return act


def furnish(store: Store) -> None:
    """Write what most operations start from."""
    with store.transaction() as tx:
        tx.write("/d/note.md", f"# A note\n\nwith a {ZEBRA} in it")
        tx.write("/d/sub/blob.bin", BLOB)
        tx.write("/d/sub/deep.md", f"# Deep\n\nan {OCELOT} lives here")
        tx.mkdir("/empty")


def furnish_and_rewrite(store: Store) -> None:
    """Write, and write over: something to restore."""
    furnish(store)
    store.write("/d/note.md", f"# Another note\n\nwith a {QUOKKA} in it")
    store.remove("/d/sub", recursive=True)


def furnish_a_graph(store: Store) -> None:
    """Write rows of which a base is made, and others over it."""
    with_graph(store)
    store.graph.insert(*(person(f"p{n}", age=n) for n in range(30)), paper("one"), edge("Wrote", "p1", "one"))
    store.write("/rested.md", "what is loaded rests on it")
    fold_graph(rooms(store), thorough=True, least=1)
    store.graph.delete("Person", "p2")
    store.graph.upsert(person("p3", age=33), person("new"), paper("two"), edge("Wrote", "p3", "two"))


def order_the_graph(store: Store) -> None:
    """Make copies of the bases, however small."""
    least, graph_copies.LEAST_ROWS = graph_copies.LEAST_ROWS, 1
    try:
        graph_copies.tend(rooms(store))
    finally:
        graph_copies.LEAST_ROWS = least


def load_many(store: Store) -> None:
    """Load so many rows of two types that they become bases."""
    names = [f"loaded {n}" for n in range(FEW_ROWS + 1)]
    ends = pa.table({"from": ["p1"] * len(names), "to": names})
    resting = [["/rested.md"] if n % 1000 == 0 else None for n in range(len(names))]
    store.graph.load({"Paper": pa.table({"id": names, "sources": resting}), "Wrote": ends})
    assert len(store.graph.rests_on("/rested.md")) == len(resting[::1000])


def remove_and_retire(store: Store) -> None:
    """Remove a directory whose contents are put away: it comes back in one row, and they as rows to search."""
    with store.transaction() as tx:
        tx.write("/shelf/book.md", book(WALRUS))
        tx.write("/shelf/deep/note.md", f"an {OCELOT} lives here")
        tx.write("/shelf/blob.bin", BLOB)
    store.remove("/shelf", recursive=True)
    store.maintenance.optimize()


def furnish_with_a_book(store: Store) -> None:
    """Write a document whose search rows are in the table, and others in the tail."""
    furnish(store)
    store.write("/book.md", book(WALRUS))


def many_at_once(tx: Transaction) -> None:
    """Do several things that only make sense together."""
    tx.write("/new/a.md", f"a {QUOKKA} came")
    tx.write("/new/b.bin", BLOB[::-1])
    tx.write("/new/book.md", book(WALRUS))
    tx.move("/d/sub", "/new/sub")
    tx.copy("/d/note.md", "/empty/note.md")
    tx.remove("/d", recursive=True)


def library(folder: Path) -> Path:
    """Return a folder of documents beside the store, to be added."""
    source = folder.parent / "documents"
    (source / "more").mkdir(parents=True, exist_ok=True)
    (source / "one.md").write_text(f"# One\n\na {QUOKKA}")
    (source / "more" / "two.md").write_text(book(WALRUS))
    (source / "more" / "three.txt").write_text("three " * 20_000)
    return source


def leave_garbage(store: Store) -> None:
    """Commit contents that were overwritten before they were published: in the tail, the table and a blob."""
    furnish_with_a_book(store)
    with store.transaction() as tx:
        tx.write("/g/a.md", "never seen")
        tx.write("/g/b.bin", BLOB[100:])
        tx.write("/g/c.md", book("neverseen"))
        for path in ("/g/a.md", "/g/b.bin", "/g/c.md"):
            tx.write(path, "what was meant")
    store.properties.set("/g", {"named": 1})
    unnamed = property_set("/g", {"named": 2})
    assert unnamed is not None
    with rooms(store).engine.write() as conn:
        stored.insert(conn, [unnamed])


def hide_rows(store: Store) -> None:
    """Remove what is in the table, so that its rows are history."""
    furnish_with_a_book(store)
    store.maintenance.optimize()
    store.remove("/book.md")
    store.write("/after.md", f"a {QUOKKA} came after")


def leave_litter(folder: Path) -> None:
    """Kill a writer between its staging and its publish."""
    on_store(furnish)(folder)
    code = (
        "import sys; from tests.support.crash.operations import *\n"
        "with quiet(Path(sys.argv[1])) as store: store.transaction()(many_at_once)"
    )
    environment = {"HOLDFAST_FAULTS": "publish.before_lock=kill", "PYTHONPATH": str(Path(__file__).parents[3])}
    subprocess.run([sys.executable, "-c", code, folder], env=environment, check=False)


def lose_a_blob_that_was_added(folder: Path) -> None:
    """Lose bytes that are still where they were added from, and search rows that can be derived anew."""
    with quiet(folder) as store:
        furnish_with_a_book(store)
        store.add(library(folder), to="/lib", workers=1)
        lost = store.stat("/lib/documents/more/three.txt").content_id
        assert lost is not None
        rooms(store).blobs.remove(lost)
        ids = [store.stat(path).content_id for path in ("/d/note.md", "/book.md")]
        with rooms(store).engine.write() as conn:
            for content_id in ids:
                conn.run("DELETE FROM searchable WHERE content_id = :id", {"id": content_id})
                conn.run("DELETE FROM tail WHERE content_id = :id", {"id": content_id})


def furnish_and_tag(store: Store) -> None:
    """Write, and give the commit a name."""
    furnish(store)
    store.tags.create("v1")


def furnish_a_branch(store: Store) -> None:
    """Make a branch that has changed a file of its base, and not the others."""
    furnish(store)
    store.branches.create("draft")
    store.branch("draft").write("/d/note.md", f"a draft with a {QUOKKA}")


def leave_history(store: Store) -> None:
    """Make history that may go: rewritten, moved and removed with what is below, searched in the tail and the table."""
    furnish_with_a_book(store)
    store.write("/d/note.md", f"# Another note\n\nwith a {QUOKKA} in it")
    store.move("/d", "/e")
    store.remove("/book.md")
    store.remove("/e/sub", recursive=True)
    store.tags.create("v1")
    store.write("/e/note.md", f"# A note\n\nwith a {ZEBRA} in it")


def leave_a_deleted_branch(store: Store) -> None:
    """Delete a branch that has changed what it shares, with a session; a tag needs a commit of a second one."""
    furnish_a_branch(store)
    draft = store.branch("draft")
    draft.remove("/d/sub", recursive=True)
    draft.session("chat").append("user", f"a {WALRUS}")
    draft.session("chat").commit()
    draft.branches.create("deep")
    store.branch("deep").write("/deep.md", f"an {OCELOT}")
    store.branch("deep").tags.create("v1")
    store.branches.delete("draft")
    store.branches.create("other")
    store.branch("other").write("/other.md", book(WALRUS))
    store.branches.delete("other")
    store.branches.delete("deep")


def change_a_branch(store: Store) -> None:
    """Change on a branch, in one commit, what is its own and what it shares with its base."""
    with store.branch("draft").transaction() as tx:
        tx.write("/d/note.md", f"a draft with a {WALRUS}")
        tx.write("/d/sub/deep.md", "a draft of what is deep")
        tx.move("/d/sub", "/empty/sub")
        tx.remove("/d/note.md")
        tx.write("/new.md", f"a {QUOKKA} came")


def branch_off(store: Store) -> None:
    """Change files, a directory and two ends of one long text on a branch and on main."""
    furnish_with_a_long_book(store)
    store.branches.create("draft")
    draft = store.branch("draft")
    with draft.transaction() as tx:
        tx.write("/new/a.md", f"a {QUOKKA} came")
        tx.move("/d/sub", "/empty/sub")
        tx.remove("/d/note.md")
        tx.write("/book.md", tx.read_text("/book.md") + "\n\nthe end\n")
    with store.transaction() as tx:
        tx.write("/d/sub/deep.md", f"# Deep\n\nan {OCELOT} lived here")
        tx.write("/book.md", f"a {QUOKKA} first\n\n" + tx.read_text("/book.md"))


def take_what_is_left(store: Store) -> None:
    """Break the lock of an earlier try: what failed in a process that lives on holds it until its lease ends."""
    with contextlib.suppress(NotFound):
        store.locks.revoke("/d", force=True)


def lock_and_unlock(store: Store) -> None:
    """Take a lock, renew it, hand it over, and let go of it."""
    take_what_is_left(store)
    with store.lock("/d", mode="subtree") as lock:
        lock.renew()
        store.write("/d/note.md", f"# Locked\n\nwith a {QUOKKA}")
    adopted = store.locks.adopt(store.lock("/d").hand_over())
    adopted.release()


def wait_and_break(store: Store) -> None:
    """Be refused a lock, and take it away from its holder."""
    take_what_is_left(store)
    store.lock("/d", ttl=60)
    with contextlib.suppress(Locked):
        store.lock("/d")
    store.locks.revoke("/d", force=True)


@contextlib.contextmanager
def later_holdfast() -> Iterator[None]:
    """Be a Holdfast that has one more migration."""
    revisions, newest, name = upgrade.REVISIONS, upgrade.HEAD, "holdfast.catalog.migrations.r9998"
    step = type(sys)(name)
    step.upgrade = lambda op: op.execute("CREATE TABLE later (id INTEGER)")  # type: ignore[attr-defined]
    sys.modules[name] = step
    upgrade.REVISIONS, upgrade.HEAD = (*revisions, "9998"), "9998"  # type: ignore[assignment]
    try:
        yield
    finally:
        upgrade.REVISIONS, upgrade.HEAD = revisions, newest
        del sys.modules[name]


def reindex(folder: Path) -> None:
    """Make everything anew with a converter of the next version, which finds more in each text."""
    with pytest.MonkeyPatch.context() as patch, quiet(folder) as store:
        convert = TextConverter.convert
        patch.setattr(TextConverter, "version", "2")
        patch.setattr(
            TextConverter,
            "convert",
            lambda self, document, limits: replace(
                found := convert(self, document, limits), markdown=f"{found.markdown}\n\nand a {QUOKKA}\n"
            ),
        )
        store.maintenance.reindex()


def leave_rows_waiting(store: Store) -> None:
    """Write what has rows in the tail and in the table that have no vectors, as when an endpoint does not answer."""

    def fail(self: object, texts: list[str]) -> None:
        raise ProviderFailed("it does not answer")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StaticEmbedder, "encode", fail)
        store.write("/d/book.md", book(WALRUS))
        store.write("/d/waits.md", f"a {QUOKKA} waits")


def furnish_with_a_long_book(store: Store) -> None:
    """Write what has search rows in the tail and in the table, and Markdown that is a blob."""
    furnish(store)
    store.write("/book.md", book(WALRUS, chapters=400))


def migrate(folder: Path) -> None:
    """Open the store with a later Holdfast, then turn the revision back so that this one can look at it."""
    with later_holdfast():
        holdfast.open(folder).close()
    with contextlib.closing(__import__("sqlite3").connect(folder / "catalog.db")) as raw:
        raw.executescript(f"UPDATE alembic_version SET version_num = '{upgrade.HEAD}'; DROP TABLE IF EXISTS later")


def row(
    name: str,
    action: Callable[[Store], object],
    before: Callable[[Store], object] = furnish,
    *,
    again: bool = True,
) -> Operation:
    """Return a row that is done to an open store."""
    return Operation(name, on_store(action), on_store(before), again)


OPERATIONS = (
    row("write a small file", lambda store: store.write("/new/small.md", f"a {QUOKKA}")),
    row("write over a file", lambda store: store.write("/d/note.md", f"now a {QUOKKA}")),
    row("edit a file", lambda store: store.edit("/d/note.md", ZEBRA, QUOKKA), again=False),
    row("write a blob", lambda store: store.write("/new/blob.bin", BLOB[::-1])),
    row("write a book", lambda store: store.write("/new/book.md", book(WALRUS))),
    row("make a directory", lambda store: store.mkdir("/p/q", parents=True), again=False),
    row("move", lambda store: store.move("/d", "/empty", overwrite=True), again=False),
    row("copy", lambda store: store.copy("/d", "/c"), again=False),
    row("set properties", lambda store: store.properties.update("/d", {"rating": 4, "tags": [QUOKKA]})),
    row("remove", lambda store: store.remove("/d", recursive=True), again=False),
    row("restore", lambda store: store.restore("/d", at=2), furnish_and_rewrite),
    row("restore what was removed and put away", lambda store: store.restore("/shelf", at=2), remove_and_retire),
    row("undo", lambda store: store.undo(), furnish_and_rewrite, again=False),
    row("merge a branch", lambda store: store.branches.merge("draft", text=True), branch_off),
    row("a transaction of several", lambda store: store.transaction()(many_at_once), again=False),
    Operation(
        "add a folder", lambda f: on_store(lambda s: s.add(library(f), to="/lib", workers=1))(f), on_store(furnish)
    ),
    row("fold", lambda store: store.maintenance.optimize(), furnish),
    row("fold into a full table, and index", lambda store: store.maintenance.optimize(), furnish_with_a_book),
    row("load many rows", load_many, furnish_a_graph, again=False),
    row("order the graph", order_the_graph, furnish_a_graph),
    row("fold the graph", lambda store: fold_graph(rooms(store), thorough=True, least=1), furnish_a_graph),
    row("put away hidden rows", lambda store: store.maintenance.optimize(), hide_rows),
    row("collect garbage", lambda store: gc(rooms(store)), leave_garbage),
    row("thin history", lambda store: store.maintenance.gc(keep=1), leave_history),
    row("take what deleted branches left", lambda store: store.maintenance.gc(), leave_a_deleted_branch),
    Operation("sweep", on_store(lambda store: sweep(rooms(store))), leave_litter),
    Operation("repair", on_store(lambda store: store.maintenance.repair()), lose_a_blob_that_was_added, mends=True),
    Operation("reindex", reindex, on_store(furnish_with_a_long_book)),
    row("move to another embedder", lambda s: s.maintenance.reindex(embedder=PREDECESSORS[0]), furnish_with_a_book),
    row(
        "fold rows that are searched",
        lambda s: fold_graph(rooms(s), thorough=True, least=1),
        graph_work.furnish_searched,
    ),
    row("move rows to another embedder", graph_work.move_rows, graph_work.furnish_searched_base),
    row("make vectors that rows wait for", lambda store: embed_waiting(rooms(store)), leave_rows_waiting),
    row("make the abstract of a directory", lambda store: store.summaries.abstract("/d")),
    row("make a tag", lambda store: store.tags.create("v1", at=1), again=False),
    row("delete a tag", lambda store: store.tags.delete("v1"), furnish_and_tag, again=False),
    row("make a branch", lambda store: store.branches.create("draft"), again=False),
    row("rename a branch", lambda store: store.branches.rename("draft", "final"), furnish_a_branch, again=False),
    row("delete a branch", lambda store: store.branches.delete("draft"), furnish_a_branch, again=False),
    row("change a branch", change_a_branch, furnish_a_branch, again=False),
    row(
        "change rows of the graph",
        lambda store: store.transaction()(graph_work.change),
        graph_work.furnish,
        again=False,
    ),
    row("extract rows of the graph", graph_work.extract_rows, graph_work.furnish_documents),
    row("lock", lock_and_unlock),
    row("break a lock", wait_and_break),
    *(row(name, act, before) for name, act, before in session_work.ROWS),
    Operation("init", lambda folder: holdfast.create(folder).close(), again=False),
    Operation("migrate", migrate, on_store(furnish)),
)
