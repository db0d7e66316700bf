"""A PostgreSQL server of the tests' own: one for each process that runs tests, from the binaries of the system.

It listens on a Unix socket in a temporary folder, does not care for power cuts, and ends with the process that started
it. A database is a copy of another one, which takes some hundredths of a second.
"""

import functools
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

#: the databases that a catalog can live in
SQLITE, POSTGRESQL = ENGINES = ("sqlite", "postgresql")
#: where Debian has what is not on the PATH
_DEBIAN = "/usr/lib/postgresql"
#: has a program end when the process that started it does
_WITH_PARENT = ("setpriv", "--pdeathsig", "QUIT") if shutil.which("setpriv") else ()
#: what a server of tests need not do
_QUICK = ("fsync=off", "full_page_writes=off", "autovacuum=off", "shared_buffers=16MB", "max_connections=200")
_READY = b"ready to accept connections"
#: seconds for the server to stop
PATIENCE = 60


def missing() -> str:
    """Return why there can be no server here; empty when there can."""
    try:
        import psycopg  # noqa: F401
    except ImportError:
        return "psycopg is not installed (pip install 'holdfast[fleet]')"
    return "" if _binaries() else "PostgreSQL's server is not installed (apt-get install postgresql)"


@functools.cache
def _binaries() -> Path | None:
    for name in ("initdb", "postgres"):
        if found := shutil.which(name):
            return Path(found).parent
    versions = sorted(Path(_DEBIAN).glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return versions[-1].parent if versions else None


class Server:
    """A server that runs until `stop`, or until this process ends, however it does."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="holdfast-pg-"))
        self._numbers = itertools.count(1)
        self._as_somebody = _nobody(self._folder)
        initdb = ("initdb", "-D", str(self._data), "-U", "holdfast", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        subprocess.run(self._command(*initdb), check=True, capture_output=True, cwd="/", **self._as_somebody)
        self._process = self._start()

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def address(self, database: str) -> str:
        """Return the address of a database of this server."""
        return f"postgresql://holdfast@/{database}?host={quote(str(self._folder), safe='/')}"

    def database(self, template: str = "template0") -> str:
        """Make a database like another one, to which nobody may be connected, and return its address."""
        name = f"kb_{next(self._numbers)}"
        strategy = "STRATEGY = FILE_COPY" if self._version >= 15 else ""
        self.run(f"CREATE DATABASE {name} TEMPLATE {template} {strategy}")
        return self.address(name)

    def drop(self, address: str) -> None:
        """Remove a database, whoever is connected to it."""
        self.run(f"DROP DATABASE IF EXISTS {name_of(address)} WITH (FORCE)")

    def run(self, sql: str) -> None:
        """Run one statement outside of any transaction."""
        import psycopg

        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            connection.execute(sql)

    def restart(self) -> None:
        """End every connection, as a server does that is restarted."""
        self._end()
        self._process = self._start()

    def stop(self) -> None:
        """End the server and remove all it had."""
        self._end()
        shutil.rmtree(self._folder)

    @functools.cached_property
    def _version(self) -> int:
        return int((self._data / "PG_VERSION").read_text().split(".")[0])

    def _start(self) -> "subprocess.Popen[bytes]":
        settings = (f"unix_socket_directories={self._folder}", "listen_addresses=", *_QUICK)
        command = self._command("postgres", "-D", str(self._data), *(f"-c{each}" for each in settings))
        process = subprocess.Popen([*_WITH_PARENT, *command], stderr=subprocess.PIPE, cwd="/", **self._as_somebody)
        assert process.stderr is not None
        said = []
        for line in process.stderr:
            said.append(line.decode())
            if _READY in line:
                # What else it says is read, and not kept: it would wait for a reader.
                threading.Thread(target=_drain, args=(process.stderr,), daemon=True).start()
                return process
        raise AssertionError("".join(said))

    def _end(self) -> None:
        # To this server SIGINT means: at once, in good order, whoever is connected.
        self._process.send_signal(signal.SIGINT)
        self._process.wait(PATIENCE)

    def _command(self, name: str, *arguments: str) -> list[str]:
        folder = _binaries()
        assert folder is not None
        return [str(folder / name), *arguments]


def _drain(said: IO[bytes]) -> None:
    with said:
        for _ in said:
            pass


@contextmanager
def copied(server: Server, pristine: Path, folder: Path) -> Iterator[Path]:
    """Have a copy of a store whose catalog is on the server, in `folder` and a database of its own."""
    settings = tomllib.loads((pristine / "holdfast.toml").read_text())["store"]
    address = server.database(template=name_of(settings["catalog"]))
    shutil.copytree(pristine, folder)
    config = folder / "holdfast.toml"
    config.write_text(config.read_text().replace(settings["catalog"], address))
    yield folder
    server.drop(address)


def name_of(address: str) -> str:
    """Return the database that an address of `Server` names."""
    return address.partition("?")[0].rpartition("/")[2]


def _nobody(folder: Path) -> dict[str, Any]:
    """Give `folder` to a user the server may run as, who is not root; returns how a process is started as that one."""
    if os.geteuid() != 0:
        return {}
    user = _user()
    os.chown(folder, user.pw_uid, user.pw_gid)
    # No function of Python's between fork and exec: libraries that were imported warn of a fork.
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")
