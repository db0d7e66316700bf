"""Making a store and opening one: `holdfast.create` and `holdfast.open`."""

import os
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast import opening
from holdfast.arguments import checked
from holdfast.catalog.branches import MAIN, Branch
from holdfast.catalog.engine import Engine
from holdfast.errors import StoreNotFound
from holdfast.front.branches import found
from holdfast.front.components import STANDARD, Components, watching
from holdfast.front.shared import SharedParts
from holdfast.front.store import Store
from holdfast.host.clock import sound
from holdfast.index.embedding.chosen import choose
from holdfast.ingest.preparing.deriver import DocumentDeriver
from holdfast.recovery.sweep import sweep_at_open

if TYPE_CHECKING:
    from holdfast.recovery.doctor import Finding


@checked
def create(
    address: str | os.PathLike[str] = ".",
    *,
    data: str | os.PathLike[str] | None = None,
    adopt: bool = False,
    shared: bool = False,
    embedder: str | None = None,
    components: Components | None = None,
) -> Store:
    """Make a new store at `address`, a folder, and return it, open; raises AlreadyExists when one is there.

    Only you may enter it, unless it is `shared`. The address may be that of an empty PostgreSQL database,
    `postgresql://user@host/name`: the catalog lies there then, and all else in the folder `data`.

    `embedder` is what makes its vectors, the model in this package unless told: the path of a folder that model2vec
    saved, or of one with a sentence encoder in ONNX, `owner/model` where a hub's client has downloaded it already, or
    `openai:MODEL@URL` for an endpoint that speaks OpenAI's API. `store.maintenance.reindex` changes it.

    With `adopt`, a store that has lost its holdfast.toml is given a new one instead. `components` is for tests.
    """
    components = components or STANDARD
    with watching(components):
        opening.init(
            opening.located(address, data),
            clock=sound(components.clock),
            deriver=DocumentDeriver,
            new=opening.NewStore(uuid.uuid4().hex, choose(embedder)),
            adopt=adopt,
            shared=shared,
        )
    return open_store(address, data=data, components=components)


@checked
def open_store(
    address: str | os.PathLike[str],
    *,
    data: str | os.PathLike[str] | None = None,
    read_only: bool | None = False,
    durability: str | None = None,
    actor: str | None = None,
    branch: str = MAIN.name,
    components: Components | None = None,
) -> Store:
    """Open the store at `address`, its folder, migrating what an older Holdfast wrote; close it, or use it in a `with`.

    A store whose catalog is on PostgreSQL is opened by its folder too, or by the catalog's address with the folder as
    `data`: the folder's holdfast.toml has the address, without a password, for which the environment has PGPASSWORD.

    With `read_only` it can be read and searched only; None is so where the rights of its files allow no more.
    `durability="relaxed"` lets a power cut (not a crash of the process) take the last commits, for speed. `actor` is
    who commits are attributed to. Both are as holdfast.toml says, unless told. `branch` is what it is opened on.
    `components` is for tests. Raises StoreNotFound, NotFound for the branch, StoreTooNew, CorruptStore, InvalidConfig
    or ReadOnly.
    """
    components, at = components or STANDARD, opening.located(address, data)
    if read_only is None:
        read_only = at.folder.exists() and not opening.writable(at.folder)
    with watching(components) as watch:
        parts = opening.open_parts(
            at,
            read_only=read_only,
            durability=durability,
            actor=actor,
            clock=sound(components.clock),
            deriver=DocumentDeriver,
        )
        if not read_only:
            sweep_at_open(parts.backend)
        shared = SharedParts(parts, read_only=read_only, components=components, closing=watch.pop_all())
        try:
            return Store(shared, _named(parts.backend.engine, branch), owner=True)
        except BaseException:
            shared.close()
            raise


def _named(engine: Engine, branch: str) -> Branch:
    # Opening is what a command does first: of the one that cannot be renamed nothing is asked.
    if branch == MAIN.name:
        return MAIN
    with engine.read() as conn:
        return found(conn, branch)


@checked
def find(start: str | os.PathLike[str] = ".") -> Path:
    """Return the folder of the nearest store at `start` or above it, as the command line finds its store.

    Raises StoreNotFound.
    """
    try:
        return opening.find_store(Path(start).absolute())
    except FileNotFoundError as error:
        # The working folder itself, which a relative path is taken from.
        where = os.fspath(start)
        raise StoreNotFound(f"The folder {where} is not there any more", path=where, remedy="Go to another") from error


@checked
def doctor(address: str | os.PathLike[str], *, data: str | os.PathLike[str] | None = None) -> "list[Finding]":
    """Return what is the matter with the store at `address`, the worst first, and what to run; nothing is changed.

    It need not be one that opens. Of an open store, `store.maintenance.doctor()` tells the same.
    """
    from holdfast.recovery.doctor import doctor as examine
    from holdfast.sessions.checking import CHECKS

    clock = STANDARD.clock
    return examine(opening.located(address, data), deriver=DocumentDeriver, clock=clock, also=CHECKS)
