"""Named instants between two durable steps, where a test can make the process die, fail or wait.

A point costs two look-ups when nothing is armed or observed. `HOLDFAST_FAULTS="publish.before_commit=kill"` arms one;
several are separated by commas. Actions: `kill` (SIGKILL to this process), `error` (an OSError with EIO), `enospc` (an
OSError with ENOSPC), `sleep:MS`. `@N` fires at the N-th passage only: `blob.before_rename=kill@3`.

`python -m holdfast.faults` prints the list. The crash tests walk it: a point that no test reaches fails the suite.
"""

import errno
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

#: Every fault point, in the order a change passes them, with what is true at that instant.
POINTS: dict[str, str] = {
    "blob.before_write": "a blob's temporary file is about to be created",
    "blob.before_fsync": "the temporary file is written, not yet fsynced",
    "blob.before_rename": "the temporary file is durable, not yet under its hash",
    "blob.before_dir_fsync": "the blob stands under its hash, its directory not yet fsynced",
    "intent.before_begin": "nothing is staged and no intent exists",
    "intent.after_begin": "the intent row is committed, nothing is staged yet",
    "intent.before_abandon": "a staging has failed, its intent is still active",
    "publish.before_lock": "everything is staged, the writer's turn not yet taken",
    "publish.before_write": "the SQL transaction is open, nothing written in it",
    "publish.before_commit": "all rows are written, the SQL transaction not committed",
    "publish.after_commit": "the commit point has passed, nothing of it was answered to the caller",
    "table.before_create_fsync": "an empty table is written, not yet fsynced",
    "table.before_fragments": "search rows are about to be written to data files",
    "table.before_fragment_fsync": "data files are written, not yet fsynced",
    "table.before_deletion_fsync": "rows are marked as removed in a new file, not yet fsynced",
    "table.before_manifest": "data files are durable, no version refers to them yet",
    "table.before_manifest_fsync": "the detached version is written, not yet fsynced",
    "table.before_index": "an index segment is about to be built",
    "table.before_index_fsync": "the index segment is written, not yet fsynced",
    "fold.before_publish": "the tail's rows are in a version that nobody reads, and still in the tail",
    "graph_remaking.before_publish": "rows of a base are there for another embedder in a version that nobody reads",
    "graph_fold.before_publish": "the log of a type of the graph is in a version that nobody reads",
    "ordered.before_rename": "an ordered copy of a base is durable under a name that nobody looks for",
    "graph_load.before_publish": "loaded rows are in versions that nobody reads",
    "retire.before_publish": "hidden rows are in the history table at a version nobody reads, still in the live one",
    "waiting.before_publish": "vectors that rows waited for are made; the rows still have none",
    "moving.before_begin": "the tables of the next embedder are made; the catalog does not know of the move",
    "moving.before_publish": "rows of the next embedder are staged beside those that searches look at",
    "moving.before_turn": "all rows of the next embedder are there; searches still look at the former ones",
    "moving.after_turn": "searches look at the rows of the next embedder; those of the former one are litter",
    "former.after_page": "some rows of a former embedder are out of the catalog; others and its tables are there",
    "former.before_files": "a former embedder's table has no pin any more; its folder is about to go",
    "index.before_publish": "an indexed or compacted version is durable, not yet pinned",
    "init.before_catalog": "a new store has its tables, and no catalog",
    "init.before_config": "a new store has all but the file that makes it one",
    "migrate.before_step": "the transaction of a migration is open, nothing of this step done",
    "branch.before_commit": "a branch is made, renamed or deleted, the SQL transaction not committed",
    "branch.after_commit": "a branch was made, renamed or deleted, nobody has heard of it",
    "tag.before_commit": "a tag is made or deleted, the SQL transaction not committed",
    "tag.after_commit": "a tag was made or deleted, nobody has heard of it",
    "lock.before_reserve_commit": "a block of lock tokens is about to be set aside durably",
    "lock.before_grant_commit": "the rows of a lock are written, not committed",
    "lock.after_grant": "a lock is held, its caller has not heard of it",
    "lock.after_refusal": "a lock was refused, and a waiter has its place in the queue",
    "lock.before_renew_commit": "leases are extended, not committed",
    "lock.after_renew": "leases are extended, their holder has not heard of it",
    "lock.before_release_commit": "the rows of a lock are deleted, not committed",
    "lock.after_release": "a lock is gone, its holder has not heard of it",
    "lock.before_break_commit": "somebody else's lock is deleted and audited, not committed",
    "lock.after_break": "somebody else's lock is gone, nobody has heard of it",
    "lock.before_hand_over_commit": "a lock is made out to whoever shows its claim, not committed",
    "lock.after_hand_over": "a lock waits to be adopted, and its claim was told to nobody",
    "lock.before_adopt_commit": "a lock that was handed over has its new owner, not committed",
    "lock.after_adopt": "a lock that was handed over is held, its new owner has not heard of it",
    "jobs.after_claim": "a job is leased, its handler not begun",
    "jobs.before_publish": "a handler has done its work, nothing of it is published",
    "jobs.after_publish": "a job's effect and its end are committed, its worker does not know yet",
    "jobs.before_finish": "handlers that publish nothing have ended, that is not written yet",
    "jobs.after_finish": "the end of jobs is committed, their worker does not know yet",
    "memory.before_model": "the memory job has read its archive and asks the model",
    "memory.after_model": "the model has answered, nothing is published",
    "extract.before_enqueue": "the documents to extract rows from are known, their next jobs not written",
    "extract.before_model": "the job has read its document and asks the model for rows",
    "extract.after_model": "the model has reported rows, its answer is not kept",
    "digest.before_save": "digests are made, and not yet written",
    "session.before_append": "messages are written, the SQL transaction not committed",
    "session.after_append": "messages are committed, the caller was not told",
    "session.before_archive": "the messages to archive are read, nothing is staged",
    "session.before_delete": "all messages of a session are archived, the session not yet removed",
    "sweep.before_take_over": "a dead owner's intents are found, and still its own",
    "sweep.before_remove": "the intents are taken over, nothing of them removed",
    "sweep.before_tables": "the blobs are removed, the files of tables not",
    "sweep.before_finish": "all that an intent staged is removed, the intent not yet marked swept",
    "sweep.before_commit": "the intent is marked and audited, the SQL transaction not committed",
    "litter.before_blobs": "the writer's turn is taken, no blob of this batch removed",
    "litter.after_blobs": "the blobs of this batch are removed, the writer's turn not given back",
    "litter.before_file": "a file of a table is about to be removed",
    "retention.before_commit": "which commits stay is written, the SQL transaction not committed",
    "retention.after_commit": "what was taken cannot be read any more, and all of it is still there",
    "retention.before_step": "some of what is to be taken was found, nothing of it removed",
    "retention.after_step": "some of what is to be taken is gone, that it was looked at not yet said",
    "gc.before_forget": "rows of contents that nothing refers to are out of a version that nobody reads yet",
    "gc.before_properties": "properties that nobody names are forgotten, and the catalog has not committed that",
    "gc.after_forget": "the contents are forgotten, their blobs not yet removed",
    "repair.before_bytes": "lost bytes are found again, not yet stored",
    "repair.before_publish": "search rows are derived anew in a version that nobody reads yet",
}


@dataclass
class _Armed:
    action: str
    #: the passage at which it fires; 0 is every passage
    at: int
    passages: int = 0


_armed: dict[str, _Armed] = {}
_counting = threading.Lock()
#: called with the name of each point that is passed; replaced as a whole, never changed
_observers: tuple[Callable[[str], object], ...] = ()


def point(name: str) -> None:
    """Pass the fault point `name`; does nothing unless it is armed or observed."""
    if name in _armed:
        _fire(name)
    if _observers:
        for observer in _observers:
            observer(name)


@contextmanager
def observing(observer: Callable[[str], object]) -> Iterator[None]:
    """Call `observer` with the name of each point that this process passes in the block, in any thread.

    What it raises, the operation meets at that point.
    """
    global _observers

    def mine(name: str) -> None:
        observer(name)

    with _counting:
        _observers = (*_observers, mine)
    try:
        yield
    finally:
        with _counting:
            _observers = tuple(each for each in _observers if each is not mine)


def arm(spec: str) -> None:
    """Replace what is armed by `spec`, in the form of HOLDFAST_FAULTS; an empty spec disarms all.

    Raises ValueError for an unknown point or action: a misspelt fault would make a crash test pass for nothing.
    """
    _armed.clear()
    for item in filter(None, (part.strip() for part in spec.split(","))):
        name, _, action = item.partition("=")
        action, _, nth = action.partition("@")
        if name not in POINTS:
            raise ValueError(f"no fault point named {name!r}; see `python -m holdfast.faults`")
        if action not in ("kill", "error", "enospc") and not action.startswith("sleep:"):
            raise ValueError(f"no fault action named {action!r}; use kill, error, enospc or sleep:MS")
        _armed[name] = _Armed(action, int(nth or 0))


def _fire(name: str) -> None:
    armed = _armed[name]
    with _counting:
        armed.passages += 1
        if armed.at and armed.passages != armed.at:
            return
    if armed.action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif armed.action == "error":
        raise OSError(errno.EIO, f"fault injected at {name}")
    elif armed.action == "enospc":
        raise OSError(errno.ENOSPC, f"no space left on device (fault injected at {name})")
    else:
        time.sleep(int(armed.action.removeprefix("sleep:")) / 1000)


# The environment is read here and not in config.py because a fault must be armed before anything else runs.
arm(os.environ.get("HOLDFAST_FAULTS", ""))
