"""Holdfast: a crash-safe context store for AI agents.

>>> import holdfast
>>> with holdfast.open("kb") as store:
...     store.write("/notes/today.md", "# Today")
...     store.search("today")
"""

from holdfast.catalog.commits import Commit
from holdfast.errors import (
    AlreadyExists,
    Conflict,
    ConversionFailed,
    CorruptStore,
    HoldfastError,
    InvalidConfig,
    InvalidPath,
    IsADirectory,
    Locked,
    LockLost,
    NotADirectory,
    NotEmpty,
    NotFound,
    ProviderFailed,
    ReadOnly,
    StorageFailed,
    StoreNotFound,
    StoreTooNew,
    TooLarge,
    Unsupported,
)
from holdfast.history import Change
from holdfast.reading import Info, Match
from holdfast.search.hits import Explanation, Hit
from holdfast.snapshot import Snapshot
from holdfast.store import Store, init
from holdfast.store import open_store as open
from holdfast.transaction import Transaction

__version__ = "0.1.0"

__all__ = [
    "AlreadyExists",
    "Change",
    "Commit",
    "Conflict",
    "ConversionFailed",
    "CorruptStore",
    "Explanation",
    "Hit",
    "HoldfastError",
    "Info",
    "InvalidConfig",
    "InvalidPath",
    "IsADirectory",
    "LockLost",
    "Locked",
    "Match",
    "NotADirectory",
    "NotEmpty",
    "NotFound",
    "ProviderFailed",
    "ReadOnly",
    "Snapshot",
    "StorageFailed",
    "Store",
    "StoreNotFound",
    "StoreTooNew",
    "TooLarge",
    "Transaction",
    "Unsupported",
    "init",
    "open",
]
