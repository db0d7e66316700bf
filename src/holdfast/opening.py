"""Making a store's folder and opening one: where the parts of a `Backend` come together."""

import fcntl
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from holdfast import bootstrap
from holdfast.backend import Backend
from holdfast.blobs.objects import LocalBlobs
from holdfast.catalog import branches, commits, entries, pins, settings, upgrade
from holdfast.catalog.branches import MAIN
from holdfast.catalog.engine import Connection, Engine
from holdfast.catalog.engines import choosing
from holdfast.catalog.engines.addresses import is_server, without_password
from holdfast.catalog.entries import ROOT_ENTRY
from holdfast.catalog.values import NODES_PER_COMMIT
from holdfast.documents import Deriver
from holdfast.errors import AlreadyExists, HoldfastError, InvalidConfig, StoreNotFound, Unsupported
from holdfast.faults import point
from holdfast.host import disk
from holdfast.host.clock import Clock
from holdfast.index.embedding.chosen import STANDARD, ChosenEmbedder
from holdfast.index.tables import SearchTable, Tables
from holdfast.locks.renewal import Renewer
from holdfast.paths import STANDARD_DIRECTORIES
from holdfast.publish.publication import begun

CONFIG_FILE = bootstrap.FILE_NAME
#: rights of a store's folder that is not shared; what is in it follows the umask
_OWNER_ALONE = 0o700
CATALOG_FILE, BLOBS_DIR, TABLES_DIR = "catalog.db", "blobs", "tables"
#: what may be removed at any time
CACHE_DIR = "cache"

_CONFIG_TEXT = f"""# Settings of this Holdfast store. `holdfast config` shows all of them with their defaults.
format = {bootstrap.FORMAT}
"""


class Location(NamedTuple):
    """Where a store lies."""

    folder: Path
    #: the address of its catalog, if that is on a server
    catalog: str | None = None


@dataclass(frozen=True)
class NewStore:
    """What a store is made with."""

    store_id: str
    embedder: ChosenEmbedder = STANDARD


@dataclass(frozen=True)
class Opened:
    """A backend and what only its opener needs to know."""

    backend: Backend
    engine: Engine
    at: Location
    store_id: str
    settings: bootstrap.EarlySettings


def init(
    at: Location,
    *,
    clock: Clock,
    deriver: Callable[[ChosenEmbedder], Deriver],
    new: "NewStore",
    adopt: bool = False,
    shared: bool = False,
) -> None:
    """Make a store in a folder, which may exist if it is empty; raises AlreadyExists when a store is there.

    With the address of an empty database, the folder holds all but the catalog. Unless it is `shared`, the
    folder is for its owner alone before anything is in it.

    The config file is written last: a folder without it is no store, so a crash half-way leaves a folder in which
    `init` can simply be run again. With `adopt`, a store that has lost that file is given a new one. Nothing is ever
    removed that was there before.
    """
    folder, catalog = at
    if folder.exists() and not folder.is_dir():
        raise AlreadyExists(f"{folder} is a file", path=str(folder))
    try:
        disk.make_dir(folder)
        with disk.locked(folder, fcntl.LOCK_EX):
            # A second `init` of the same folder has waited, and finds here that it came too late.
            _check_vacant(folder)
            held = _held_store(folder, catalog, adopt)
            if held is None:
                if not shared and not any(folder.iterdir()):
                    folder.chmod(_OWNER_ALONE)
                _make_parts(folder, clock, deriver(new.embedder), new, catalog)
            point("init.before_config")
            _write_config(folder, catalog, held or new.store_id)
    except OSError as error:
        raise disk.explain(error, str(folder)) from error


def _check_vacant(folder: Path) -> None:
    """Raise AlreadyExists unless the folder holds no store, or no more of one than a killed `init` leaves."""
    if (folder / CONFIG_FILE).exists():
        raise AlreadyExists(
            f"{folder} is a store already", path=str(folder), remedy="Open it, or choose another folder"
        )
    if not (folder / CATALOG_FILE).exists() and any((folder / BLOBS_DIR).glob("[0-9a-f][0-9a-f]/*")):
        raise AlreadyExists(
            f"{folder} holds the files of a store whose {CATALOG_FILE} is missing",
            path=str(folder),
            remedy=f"Restore {CATALOG_FILE} and {CONFIG_FILE} from a backup, or choose another folder",
        )


def _held_store(folder: Path, catalog: str | None, adopt: bool) -> str | None:
    """Return the id of the store that is all there but for its settings; raises AlreadyExists when that is in use.

    With `adopt` one in use will do. One that holds nothing yet was left by an `init` that was killed.
    """
    if catalog is None and not (folder / CATALOG_FILE).exists():
        return None
    try:
        engine = choosing.opened(folder / CATALOG_FILE, catalog)
        try:
            with engine.read() as conn:
                if upgrade.revision(conn) is None:
                    return None
                # A catalog on a server may be that of data in another folder.
                if adopt or (upgrade.is_bare(conn) and (folder / TABLES_DIR).is_dir()):
                    return settings.get(conn, "store_id")
        finally:
            engine.close()
    except HoldfastError as error:
        if catalog is not None:
            raise
        # What cannot be read may be somebody's only copy.
        raise AlreadyExists(
            f"{folder} holds a store's catalog that cannot be read ({error.message})",
            path=str(folder),
            remedy=f"Restore {CATALOG_FILE} and {CONFIG_FILE} from a backup, or choose another folder",
        ) from error
    if catalog is not None:
        shown = without_password(catalog)
        remedy = "Open it with its own folder as data=, or choose another database"
        raise AlreadyExists(f"{shown} is the catalog of a store already", path=shown, remedy=remedy)
    raise AlreadyExists(
        f"{folder} holds a store's catalog, but no {CONFIG_FILE}", path=str(folder), remedy=bootstrap.adopting(folder)
    )


def _make_parts(folder: Path, clock: Clock, deriver: Deriver, new: NewStore, catalog: str | None) -> None:
    disk.make_dir(folder / TABLES_DIR)
    blobs = LocalBlobs(folder / BLOBS_DIR)
    tables = Tables(folder / TABLES_DIR, new.embedder.name, new.embedder.dimensions)
    # Whatever is there already, an init that was killed has left: it is used, or set aside, and never removed.
    versions = {table: table.table.create() for table in (tables.live, tables.history)}
    point("init.before_catalog")
    engine = choosing.opened(folder / CATALOG_FILE, catalog, create=True)
    try:
        upgrade.create(engine)
        # The first publication is told by what it writes which embedder is the store's.
        backend = Backend(engine=engine, blobs=blobs, tables=tables, clock=clock, chosen=new.embedder, deriver=deriver)
        _publish_first(backend, new.store_id, versions)
    finally:
        engine.close()
    disk.fsync_dir(folder)


def _publish_first(backend: Backend, store_id: str, versions: dict[SearchTable, int]) -> None:
    """Publish what makes an empty catalog a store's: its facts, its tables, and its first commit."""
    with begun(backend, "init", "holdfast") as publication:
        for table, version in versions.items():
            publication.pin(table, version)
        with publication.publish() as conn:
            settings.put(conn, "store_id", store_id)
            settings.put_embedder(conn, backend.stored_embedder())
            settings.put(conn, settings.TENDED, settings.settled(pins.fingerprint(conn)))
            branches.create_main(conn, "holdfast", backend.clock.now())
            _write_first_commit(conn, backend.clock.now())


def _write_first_commit(conn: Connection, now: float) -> None:
    """Write the commit that makes the standard directories."""
    names = STANDARD_DIRECTORIES
    new = commits.NewCommit(parent=0, at=now, actor="holdfast", message="Create the store", changes=len(names))
    commit = commits.publish(conn, MAIN, new)
    first = commit.id * NODES_PER_COMMIT
    made = [
        entries.new_directory(first + i, ROOT_ENTRY.node_id, name, modified=now)
        for i, name in enumerate(names, start=1)
    ]
    entries.begin(conn, MAIN, commit.id, made)


def _write_config(folder: Path, catalog: str | None, store_id: str) -> None:
    text = _CONFIG_TEXT
    if catalog is not None:
        # JSON's strings are TOML's. A password is not for whoever may read the folder.
        address, store = json.dumps(without_password(catalog)), json.dumps(store_id)
        text += f"\n[store]\ncatalog = {address}\nid = {store}\n"
    temporary = folder / f".{CONFIG_FILE}.new"
    temporary.write_text(text, "utf-8")
    disk.fsync_file(temporary)
    temporary.rename(folder / CONFIG_FILE)
    disk.fsync_dir(folder)


def open_parts(
    at: Location,
    *,
    read_only: bool,
    durability: str | None,
    actor: str | None,
    clock: Clock,
    deriver: Callable[[ChosenEmbedder], Deriver],
) -> Opened:
    """Open a store, migrating an older catalog, which is where the settings say when `at` does not.

    `deriver` is given the embedder. Raises StoreNotFound, StoreTooNew, CorruptStore or InvalidConfig.
    """
    folder, catalog = at
    settled = bootstrap.read(folder)
    if durability not in (None, *bootstrap.DURABILITIES):
        raise InvalidConfig(f"{durability!r} is none of {', '.join(bootstrap.DURABILITIES)}", path=str(durability))
    durable = (durability or settled.durability) != "relaxed"
    address = catalog or settled.catalog
    engine = choosing.opened(folder / CATALOG_FILE, address, read_only=read_only, durable=durable)
    try:
        upgrade.bring_up(engine)
        with engine.read() as conn:
            store_id, _, dimensions = (_fact(conn, engine, n) for n in ("store_id", "embedder", "dimensions"))
            stored = settings.embedder(conn)
        if stored is None or not dimensions.isdecimal():
            raise engine.damaged(f"The catalog {engine.place} has no number of dimensions")
        chosen = ChosenEmbedder(
            stored.name, stored.address, stored.dimensions, settled.embedder, str(folder / CACHE_DIR)
        )
        if address is not None and store_id != settled.store_id:
            # With another store's catalog everything in the folder would look like litter.
            what = f"The data in {folder} are not of the store whose catalog is {engine.place}"
            raise InvalidConfig(what, path=str(folder), remedy="Give the folder that this store was made with as data=")
        blobs = LocalBlobs(folder / BLOBS_DIR, durable=durable, read_only=read_only)
    except BaseException:
        engine.close()
        raise
    backend = Backend(
        engine=engine,
        blobs=blobs,
        tables=Tables(folder / TABLES_DIR, chosen.name, chosen.dimensions, durable=durable),
        clock=clock,
        chosen=chosen,
        deriver=deriver(chosen),
        derivers=deriver,
        durable=durable,
        address=str(folder),
        actor=actor or settled.actor,
        renewing=Renewer(),
    )
    return Opened(backend, engine, at, store_id, settled)


def _fact(conn: Connection, engine: Engine, name: str) -> str:
    value = settings.get(conn, name)
    if value is None:
        raise engine.damaged(f"The catalog {engine.place} does not say its {name}")
    return value


def located(address: str | os.PathLike[str], data: str | os.PathLike[str] | None) -> Location:
    """Return where the store with an address lies."""
    text = os.fspath(address)
    if not is_server(text):
        if isinstance(text, str) and re.match(r"[A-Za-z][\w+.-]*://", text):
            shown = without_password(text)
            raise InvalidConfig(
                f"{shown} is no address of a catalog", path=shown, remedy="It begins with postgresql://"
            )
        if data is not None:
            raise Unsupported("data= is for a store whose catalog is on a server", path=text, remedy="Leave it out")
        return Location(Path(address))
    if data is None:
        shown = without_password(text)
        remedy = 'Say where, as in open("postgresql://host/name", data="kb")'
        raise Unsupported(f"The catalog {shown} has its blobs and tables elsewhere", path=shown, remedy=remedy)
    return Location(Path(data), text)


def find_store(start: Path) -> Path:
    """Return the nearest folder from `start` upward that is a store; raises StoreNotFound."""
    for folder in (start, *start.parents):
        if (folder / CONFIG_FILE).is_file():
            return folder
    lost = next((folder for folder in (start, *start.parents) if (folder / CATALOG_FILE).is_file()), None)
    remedy = bootstrap.adopting(lost) if lost is not None else ""
    raise StoreNotFound(f"There is no store at or above {start}", path=str(start), remedy=remedy)


def writable(folder: Path) -> bool:
    """Return whether this process may change the store in `folder`, whose catalog may be on a server."""
    file = folder / CATALOG_FILE
    return os.access(folder, os.W_OK) and (not file.exists() or os.access(file, os.W_OK))
