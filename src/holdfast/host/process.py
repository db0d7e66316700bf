"""Who a process is, so that others on the same host can tell whether it still lives.

A pid alone is not enough: pids are used again, and a machine that restarted has other processes under the old ones. So
an identity is host, boot, pid and the process's start time. And containers may share a host name without seeing each
other's processes, where the same pid is somebody else: so it names the room in which its pid is a name as well.
"""

import functools
import json
import os
import socket
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

_seen_dead: "set[Identity]" = set()

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_NAMESPACE = Path("/proc/self/ns/pid")
#: no system has a larger one
_LARGEST_PID = 2**32


@dataclass(frozen=True, slots=True)
class Identity:
    """One process, for as long as it lives, among all processes of all hosts."""

    host: str
    #: changes at every start of the machine
    boot: str
    pid: int
    #: when the process began, in the host's own unit; tells it from a later process of the same pid
    started: str
    #: in which set of processes the pid counts, on a machine of several; empty where that was not or cannot be told
    namespace: str = ""

    def to_json(self) -> str:
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "Identity":
        """Return the identity written by `to_json`; raises ValueError when `text` is anything else."""
        try:
            found = json.loads(text)
            pid = int(found["pid"])
            if not 0 <= pid <= _LARGEST_PID:
                raise KeyError(pid)
            namespace = str(found.get("namespace", ""))
            return cls(str(found["host"]), str(found["boot"]), pid, str(found["started"]), namespace)
        except (LookupError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise ValueError(f"not a process identity: {text[:80]!r}") from error

    def __str__(self) -> str:
        return f"pid {self.pid} on {self.host}"


def current() -> Identity:
    """Return the identity of this process (asked anew after a fork)."""
    return _identity_of(os.getpid())


@functools.lru_cache(maxsize=4)
def _identity_of(pid: int) -> Identity:
    return Identity(socket.gethostname(), _boot(), pid, _start_of(pid) or "", _namespace())


def is_dead(other: Identity) -> bool | None:
    """Return whether `other` is known to have ended; None when its pid is not one of those that are seen from here."""
    here = current()
    if other.host != here.host:
        return None
    if other.boot == here.boot and other.namespace and here.namespace and other.namespace != here.namespace:
        return None
    try:
        dead = other.boot != here.boot or _start_of(other.pid) != other.started
    except PermissionError:
        # It runs, or another one does under its pid: the system does not show other users' processes.
        return None
    if dead:
        _seen_dead.add(other)
    return dead


def is_stopped(other: Identity) -> bool:
    """Return whether `other` lives, is seen from here, and was stopped by a signal or a debugger."""
    if is_dead(other) is not False:
        return False
    try:
        return _fields_of(other.pid)[0] in "Tt"
    except OSError:
        return False


def deaths_seen() -> int:
    """Return how many processes this one has found dead so far, whoever asked: more of them may mean more litter."""
    return len(_seen_dead)


@functools.cache
def _boot() -> str:
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        import psutil

        return str(int(psutil.boot_time()))


@functools.cache
def _namespace() -> str:
    try:
        return str(_NAMESPACE.stat().st_ino)
    except OSError:
        return ""


def _start_of(pid: int) -> str | None:
    """Return the start time of a running process, or None when there is none (a zombie counts as ended).

    Raises PermissionError for one that runs and may not be looked at.
    """
    try:
        fields = _fields_of(pid)
    except FileNotFoundError:
        if not Path("/proc/self/stat").exists():
            return _start_without_proc(pid)
        _check_absent(pid)
        return None
    except ProcessLookupError:
        return None
    return None if fields[0] in "ZX" else fields[19]


def _check_absent(pid: int) -> None:
    """Raise PermissionError when another user's process runs under `pid`, which /proc may hide (`hidepid`)."""
    with suppress(ProcessLookupError, OverflowError):
        os.kill(pid, 0)


def _fields_of(pid: int) -> list[str]:
    """Return the fields of a process's status from its state on."""
    # The command name is in parentheses and may hold anything, so fields are counted from the last one.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _start_without_proc(pid: int) -> str | None:
    import psutil

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else repr(process.create_time())
    except psutil.NoSuchProcess:
        return None
