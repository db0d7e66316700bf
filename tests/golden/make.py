"""Makes a golden store: what this version writes, for every later one to open.

    python -m tests.golden.make

writes tests/golden/format-N.tar.xz, with N the format of today. Make it anew as long as no release has written that
format; from then on it stays as it is, and a new format gets a file of its own.
"""

import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
from contextlib import closing
from pathlib import Path

import holdfast
from holdfast import Components, bootstrap, faults
from holdfast.front.store import Store
from holdfast.host.clock import ManualClock
from tests.support.looking import contents_of

HERE = Path(__file__).parent
ARCHIVE = HERE / f"format-{bootstrap.FORMAT}.tar.xz"
STORE, EXPECTED = "store", "expected.json"
#: above 64 KiB, and little of it once compressed
BLOB = bytes(range(256)) * 300
#: what a writer had staged when it was killed
UNPUBLISHED = BLOB[1:]
#: when it was killed, in seconds since the epoch: leases of an hour run from here
KILLED_AT = ManualClock().now() + 120
#: the host that the store comes from; no test runs there
HOST = "golden"
PAGE = "<html><body><h1>Fencing</h1><p>A pelican holds the lease.</p></body></html>"


def main() -> None:
    """Make the archive of the present format."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / STORE
        filled = subprocess.run([sys.executable, "-m", __spec__.name, folder], check=False)
        assert filled.returncode == -signal.SIGKILL, "the store is left in the middle of a write"
        _name_host(folder)
        expected = _expected(folder)
        for name in ("catalog.db-wal", "catalog.db-shm", "catalog.turn"):
            (folder / name).unlink(missing_ok=True)
        with tarfile.open(ARCHIVE, "w:xz") as tar:
            tar.add(folder, STORE, filter=_nobodys)
            _add_text(tar, EXPECTED, json.dumps(expected, indent=1, sort_keys=True))
    sys.stdout.write(f"{ARCHIVE.name}: {ARCHIVE.stat().st_size} bytes\n")


def fill(folder: Path) -> None:
    """Make a store with something of every kind, and be killed in it while writing a blob."""
    clock = ManualClock()
    store = holdfast.create(folder, components=Components(clock=clock, upkeep=False))
    _write_tree(store, clock)
    session = store.session("support")
    session.append("user", "Where do the walruses keep their journal?")
    session.append("assistant", "Under /journal, beside the leases.")
    session.commit()
    session.append("user", "And the ocelots?")
    store.jobs.enqueue("greet", {"name": "walrus"}, priority=3)
    store.write("/tail.md", "# Tail\n\nThe wombat is not folded yet.", message="write to the tail")
    store.lock("/held", mode="subtree", purpose="golden", ttl=3600)
    faults.arm("publish.before_lock=kill")
    store.write("/unpublished.bin", UNPUBLISHED)


def _write_tree(store: Store, clock: ManualClock) -> None:
    with store.transaction(message="begin", actor="agent:7", idempotency_key="golden") as tx:
        tx.write("/notes/a.md", "# A\n\nThe walrus waits.")
        tx.write("/notes/deep/café.txt", "an ocelot by night")
        tx.write("/page.html", PAGE)
        tx.write("/data.bin", BLOB)
        for number in range(20):
            tx.write(f"/old/{number}.md", f"# Page {number}\n\nThe quokka number {number} leaves.")
        tx.properties.set("/notes/a.md", {"rating": 3, "tags": ["walrus"]})
        tx.properties.set("/", {"golden": True})
    clock.advance(60)
    store.write("/notes/a.md", "# A\n\nThe walrus left.", message="change")
    store.properties.update("/notes/a.md", {"rating": 4}, message="rate")
    store.move("/notes", "/journal", message="move")
    store.maintenance.optimize()
    clock.advance(60)
    store.remove("/old", recursive=True, message="remove")
    store.maintenance.optimize()
    store.summaries.abstract("/journal")


def _name_host(folder: Path) -> None:
    """Say that whoever staged and locked did so on another host, and put SQLite's log away."""
    with closing(sqlite3.connect(folder / "catalog.db", isolation_level=None)) as raw:
        for table in ("intents", "locks"):
            raw.execute(f"UPDATE {table} SET owner = json_set(owner, '$.host', ?, '$.boot', 'golden')", (HOST,))
        raw.execute("UPDATE lock_numbers SET boot = 'golden'")
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        # What was overwritten is still in free pages: this makes the file small, and the host's name go.
        raw.execute("VACUUM")
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _expected(folder: Path) -> dict[str, object]:
    """Return what a reader sees, by this version's own account."""
    with holdfast.open(folder, read_only=True) as store:
        states = {commit.id: store.snapshot(commit.id) for commit in store.log()}
        return {
            "trees": {seq: {i.path: i.content_id for i in state.tree()} for seq, state in states.items()},
            "texts": {path: held.decode() for path, held in contents_of(store).items() if held and b"\0" not in held},
            "log": [[commit.id, commit.at.timestamp(), commit.actor, commit.message] for commit in store.log()],
            "node": store.stat("/journal/a.md").id,
            "properties": {
                seq: {path: state.properties.get(path) for path in ("/", *(i.path for i in state.tree()))}
                for seq, state in states.items()
            },
        }


def _nobodys(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def _add_text(tar: tarfile.TarFile, name: str, text: str) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(text.encode())
    tar.addfile(member, io.BytesIO(text.encode()))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        os.environ.pop("HOLDFAST_FAULTS", None)
        fill(Path(sys.argv[1]))
    else:
        main()
