"""Everything Holdfast raises on purpose.

A class exists only where a caller would act differently. Every error carries a stable `code`, a message that says what
happened, the path or thing it happened to, and a remedy: what to do next.

    HoldfastError
    ├── NotFound            the path, commit or branch is not there
    │   ├── BranchGone      the branch that this works on was deleted
    │   └── CommitTaken     the commit was taken by `gc --keep`: what it shows is gone
    ├── AlreadyExists       something already stands at the path
    ├── NotADirectory       a file stands where a directory is needed
    ├── IsADirectory        a directory stands where a file is needed
    ├── NotEmpty            a directory has children and `recursive` was not asked for
    ├── InvalidPath         the path can never name anything in a store
    ├── Conflict            somebody else committed first; run the transaction again
    │   └── MergeConflicted both sides of a merge changed the same; nothing was merged
    ├── Locked              a lock is held by somebody else; wait, or ask the holder
    │   └── LockLost        a lock that was held is no longer; what it guarded was not published
    ├── InvalidRow          a row of the graph has a value that its type does not allow
    ├── Unsupported         this input or request is not something Holdfast can do
    ├── ConversionFailed    one document could not be read; the others are unaffected
    ├── TooLarge            a stated limit was passed
    ├── CorruptStore        the store's own files are damaged or missing
    ├── StorageFailed       the disk or the object store refused a read or a write
    ├── ProviderFailed      a model provider could not be reached or refused; nothing was changed
    ├── StoreTooNew         written by a newer Holdfast than this one
    ├── StoreNotFound       there is no store at that place
    ├── ReadOnly            the store, or the way it was opened, does not allow changes
    └── InvalidConfig       a setting has a value it cannot have
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal


class HoldfastError(Exception):
    """The root of all errors that Holdfast raises on purpose.

    `message` says what happened, `path` to what (a store path, a file, a name or nothing), `remedy` what to do next.
    """

    #: stable identifier for programs, as printed by `--json`
    code: ClassVar[str] = "error"
    #: what to do when nothing more exact is known
    default_remedy: ClassVar[str] = ""
    #: exit status of the command line (docs/guide.md)
    exit_status: ClassVar[int] = 1

    def __init__(self, message: str, *, path: str = "", remedy: str = "") -> None:
        super().__init__(message)
        self.message: str = message
        self.path: str = path
        self.remedy: str = remedy or self.default_remedy

    def __str__(self) -> str:
        return f"{self.message}. {self.remedy}" if self.remedy else self.message

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.message, self.path, self.remedy))


def _rebuild(kind: type[HoldfastError], message: str, path: str, remedy: str) -> HoldfastError:
    return kind(message, path=path, remedy=remedy)


class NotFound(HoldfastError):
    """The path, commit or branch is not there."""

    code = "not_found"
    default_remedy = "List what is there with `holdfast ls`"
    exit_status = 4


class BranchGone(NotFound):
    """The branch that this works on was deleted; a branch of the same name made since is another one."""

    code = "branch_gone"
    default_remedy = "See `holdfast branch list`, and name a branch that is there"


class CommitTaken(NotFound):
    """The commit was taken by `gc --keep`: its line in the log is there, and what it shows is gone."""

    code = "commit_taken"
    default_remedy = "Name a later commit; a tag that is made in time keeps one"


class AlreadyExists(HoldfastError):
    """Something already stands at the path."""

    code = "already_exists"
    default_remedy = "Choose another name, or remove what stands there first"


class NotADirectory(HoldfastError):
    """A file stands where a directory is needed."""

    code = "not_a_directory"
    default_remedy = "Choose a path below a directory"


class IsADirectory(HoldfastError):
    """A directory stands where a file is needed."""

    code = "is_a_directory"
    default_remedy = "Name a file, or list the directory with `holdfast ls`"


class NotEmpty(HoldfastError):
    """A directory has children and `recursive` was not asked for."""

    code = "not_empty"
    default_remedy = "Pass recursive=True (`holdfast rm -r`) to remove it with all it holds"


class InvalidPath(HoldfastError):
    """The path can never name anything in a store."""

    code = "invalid_path"
    default_remedy = "Paths are absolute, /-separated, without . or .., names up to 255 bytes"
    exit_status = 2


class Conflict(HoldfastError):
    """Somebody else committed first."""

    code = "conflict"
    default_remedy = "Read again and run the transaction once more (store.transaction(retries=N)(fn) does so)"
    exit_status = 3


@dataclass(frozen=True, slots=True)
class MergeSide:
    """What a merge found of a file or directory on one side."""

    path: str
    is_dir: bool
    #: the hash of what a file holds; None for a directory
    content_id: str | None
    #: in a conflict about properties, those of the keys that clash
    properties: dict[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeConflict:
    """What both sides of a merge changed, and differently."""

    #: `edited`: both changed what it holds; `moved`: both moved it; `removed`: one removed it, or what it is in, and
    #: the other changed it; `place`: two different things at one path; `cycle`: directories that would be in each
    #: other; `properties`: both changed some, and differently
    kind: Literal["edited", "moved", "removed", "place", "cycle", "properties"]
    #: what it is settled by: where it is on our side, or on theirs when it is not on ours
    path: str
    #: None where it does not stand
    ours: MergeSide | None
    theirs: MergeSide | None
    ancestor: MergeSide | None
    #: the properties that clash
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RowConflict:
    """What both sides of a merge changed in the graph, and differently, or break together."""

    #: `edited`: both changed the row; `removed`: one removed it and the other changed it; `schema`: both changed the
    #: type; `rule`: only both together break what the schema asks, which no side can settle
    kind: Literal["edited", "removed", "schema", "rule"]
    #: what it is settled by: the type, and the key of a row
    path: str
    #: the name of the type
    type: str
    #: what is the matter
    reason: str
    #: the values of the row by name of property; None where it does not stand
    ours: Mapping[str, Any] | None = None
    theirs: Mapping[str, Any] | None = None
    ancestor: Mapping[str, Any] | None = None


class MergeConflicted(Conflict):
    """Both sides of a merge changed the same, and nothing says which holds; nothing was merged."""

    code = "merge_conflicted"
    default_remedy = 'Say which side holds: prefer="ours" or "theirs" for all, or resolve={path: ...} for each'

    def __init__(
        self,
        message: str,
        *,
        path: str = "",
        remedy: str = "",
        conflicts: tuple[MergeConflict, ...] = (),
        rows: tuple[RowConflict, ...] = (),
    ) -> None:
        super().__init__(message, path=path, remedy=remedy)
        #: those of files and directories, in order of path
        self.conflicts = conflicts
        #: those of the graph, in order of path
        self.rows = rows

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild_conflicted, (self.message, self.path, self.remedy, self.conflicts, self.rows))


def _rebuild_conflicted(
    message: str, path: str, remedy: str, conflicts: tuple[MergeConflict, ...], rows: tuple[RowConflict, ...]
) -> MergeConflicted:
    return MergeConflicted(message, path=path, remedy=remedy, conflicts=conflicts, rows=rows)


class Locked(HoldfastError):
    """A lock is held by somebody else."""

    code = "locked"
    default_remedy = "Wait for the holder, or see `holdfast locks list`"
    exit_status = 3


class LockLost(Locked):
    """A lock that was held is no longer; what it guarded was not published."""

    code = "lock_lost"
    default_remedy = "Take the lock again and redo the work"


class InvalidRow(HoldfastError):
    """A row of the graph has a value that its type does not allow; nothing was written."""

    code = "invalid_row"
    default_remedy = "Correct the row; `holdfast graph schema show` says what its type has"

    def __init__(
        self, message: str, *, path: str = "", remedy: str = "", field: str = "", value: str = "", reason: str = ""
    ) -> None:
        super().__init__(message, path=path, remedy=remedy)
        #: the property, `from` or `to`; empty when it is the row as a whole
        self.field = field
        #: what it was given, in few characters; empty when nothing was
        self.value = value
        #: why it cannot be that
        self.reason = reason

    @classmethod
    def of(cls, type_name: str, field: str, value: str, reason: str) -> "InvalidRow":
        """Return what says that a field of a row of a type cannot have a value, and why."""
        place = f"{type_name}.{field}" if field else type_name
        said = f"{place} cannot be {value}: {reason}" if value else f"{place}: {reason}"
        return cls(said, path=place, field=field, value=value, reason=reason)

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild_invalid, (self.message, self.path, self.remedy, (self.field, self.value, self.reason)))


def _rebuild_invalid(message: str, path: str, remedy: str, told: tuple[str, str, str]) -> InvalidRow:
    field, value, reason = told
    return InvalidRow(message, path=path, remedy=remedy, field=field, value=value, reason=reason)


class Unsupported(HoldfastError):
    """This input or request is not something Holdfast can do."""

    code = "unsupported"


class ConversionFailed(HoldfastError):
    """One document could not be read; the others are unaffected."""

    code = "conversion_failed"
    default_remedy = "Open the document with its own program to see whether it is damaged"


class TooLarge(HoldfastError):
    """A stated limit was passed."""

    code = "too_large"
    default_remedy = "Split the input, or raise the limit in holdfast.toml"


class CorruptStore(HoldfastError):
    """The store's own files are damaged or missing."""

    code = "corrupt_store"
    default_remedy = "Run `holdfast doctor` to see what is wrong and what mends it"


class StorageFailed(HoldfastError):
    """The disk or the object store refused a read or a write; nothing was published."""

    code = "storage_failed"
    default_remedy = "Check free space and the disk's health, then repeat the command"


class ProviderFailed(HoldfastError):
    """A model provider could not be reached or refused; nothing was changed."""

    code = "provider_failed"
    default_remedy = "Check the provider's address, key and limits, then try again"

    #: seconds that the provider asked to be left alone
    retry_after: float | None = None
    #: whether it only said that it is asked too much at present
    busy: bool = False


class StoreTooNew(HoldfastError):
    """The store was written by a newer Holdfast than this one."""

    code = "store_too_new"
    default_remedy = "Upgrade Holdfast, in its clone: git pull && pip install ."


class StoreNotFound(HoldfastError):
    """There is no store at that place."""

    code = "store_not_found"
    default_remedy = "Create one with `holdfast init`, or name one with --store"
    exit_status = 4


class ReadOnly(HoldfastError):
    """The store, or the way it was opened, does not allow changes."""

    code = "read_only"
    default_remedy = "Open the store for writing, or make its folder writable"


class InvalidConfig(HoldfastError):
    """A setting has a value it cannot have."""

    code = "invalid_config"
    default_remedy = "Correct the setting in holdfast.toml, or take it out: it has a default"
    exit_status = 2
