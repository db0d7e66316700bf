"""The few settings that opening a store needs, read without pydantic, whose import costs more than opening does.

The same file and the same variables as in `config.py`, which checks all the others.
"""

import os
import shlex
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from holdfast.errors import InvalidConfig, StoreNotFound, StoreTooNew
from holdfast.host import disk

FILE_NAME = "holdfast.toml"
#: the layout of a store's folder
FORMAT = 1
DURABILITIES = ("full", "relaxed")
#: tail rows at which the background fold appends them to the table: the default, and the bounds
FOLD_ROWS, FOLD_LEAST, FOLD_MOST = 512, 1, 4096
#: how much history is kept, as a pattern: so many commits, hours, days or weeks, or all
KEEP = r"[1-9][0-9]{0,8}[hdw]?|all"


@dataclass(frozen=True, slots=True)
class EmbedderOptions:
    """How an embedder is run. Equal options give the same embedder in one process."""

    #: threads of a model that runs in this process; 0 is one per core, eight at most
    threads: int = 0
    #: the environment variable that holds the key of an endpoint
    api_key_variable: str = "OPENAI_API_KEY"
    #: seconds that one request may take
    timeout: float = 60.0
    #: texts in one request
    request_texts: int = 128
    #: times that a request is made which fails in a way that may pass
    tries: int = 4
    #: requests of one process at once
    concurrency: int = 4
    #: MiB of vectors of an endpoint that are kept for texts that come again; 0 keeps none
    cache_mib: int = 256


@dataclass(frozen=True, slots=True)
class EarlySettings:
    """What opening needs."""

    #: one of DURABILITIES
    durability: str
    #: who commits are attributed to when nobody says
    actor: str
    #: tail rows at which a fold is due
    fold_rows: int
    #: the address of the catalog on a server; None when it lies in the folder
    catalog: str | None
    #: the id of the store whose data lie in the folder, where the catalog does not lie with them
    store_id: str | None
    #: how the store's embedder is run
    embedder: EmbedderOptions


def read(folder: Path) -> EarlySettings:
    """Return the settings of the store in `folder`, after checking that it is one, of a format we know.

    Raises StoreNotFound, StoreTooNew, or InvalidConfig naming the setting.
    """
    path = folder / FILE_NAME
    found = _parsed(path)
    written = found.get("format", FORMAT)
    if not isinstance(written, int) or written < 1:
        raise InvalidConfig(f"{path}: format: {written!r} is no format of a store", path=str(path))
    if written != FORMAT:
        raise StoreTooNew(f"{folder} has store format {written}; this Holdfast knows {FORMAT}", path=str(folder))
    durability = _setting(path, found, "store", "durability", "full")
    if durability not in DURABILITIES:
        raise InvalidConfig(
            f"{path}: store.durability: {durability!r} is none of {', '.join(DURABILITIES)}", path=str(path)
        )
    actor = _setting(path, found, "store", "actor", "user")
    if not isinstance(actor, str):
        raise InvalidConfig(f"{path}: store.actor: {actor!r} is no name", path=str(path))
    return EarlySettings(
        durability=durability,
        actor=actor,
        fold_rows=_fold_rows(path, _setting(path, found, "search", "fold_rows", FOLD_ROWS)),
        catalog=_name(path, found, "catalog"),
        store_id=_name(path, found, "id"),
        embedder=_embedder(path, found),
    )


def variable(name: str) -> str | None:
    """Return what a variable of the environment holds; None when it is not set, or empty."""
    return os.environ.get(name) or None


def _embedder(path: Path, found: dict[str, Any]) -> EmbedderOptions:
    """Return the options of the embedder; the bounds are looked at with all other settings (config.py)."""
    chosen: dict[str, Any] = {}
    for field in fields(EmbedderOptions):
        value = _setting(path, found, "embedder", field.name, field.default)
        kind: Callable[[object], object] = type(field.default)
        try:
            chosen[field.name] = kind(value)
        except (TypeError, ValueError) as error:
            raise InvalidConfig(f"{path}: embedder.{field.name}: {value!r} is not its kind", path=str(path)) from error
    return EmbedderOptions(**chosen)


def _name(path: Path, found: dict[str, Any], name: str) -> str | None:
    value = _setting(path, found, "store", name, None)
    if value is not None and not isinstance(value, str):
        raise InvalidConfig(f"{path}: store.{name}: {value!r} is no text", path=str(path))
    return value or None


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError) as error:
        remedy = adopting(path.parent) if (path.parent / "catalog.db").is_file() else ""
        raise StoreNotFound(
            f"{path.parent} is not a store: it has no {path.name}", path=str(path.parent), remedy=remedy
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidConfig(f"{path} is not valid TOML ({error})", path=str(path)) from error
    except OSError as error:
        raise disk.explain(error, str(path)) from error


def adopting(folder: Path) -> str:
    """Return the remedy for a store that has lost its settings, and nothing else."""
    return f"Give it default settings with: holdfast init --adopt {shlex.quote(str(folder))}"


def _setting(path: Path, found: dict[str, Any], section: str, name: str, default: object) -> object:
    """Return one setting: the variable's value, else the file's, else the default."""
    table = found.get(section, {})
    if not isinstance(table, dict):
        raise InvalidConfig(f"{path}: {section}: {table!r} is no table", path=str(path))
    value: object = os.environ.get(f"HOLDFAST_{section}__{name}".upper(), table.get(name, default))
    return value


def _fold_rows(path: Path, value: object) -> int:
    try:
        rows = int(str(value))
    except ValueError:
        rows = 0
    if not FOLD_LEAST <= rows <= FOLD_MOST:
        raise InvalidConfig(
            f"{path}: search.fold_rows: {value!r} is not between {FOLD_LEAST} and {FOLD_MOST}", path=str(path)
        )
    return rows
