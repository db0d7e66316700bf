"""A Lance table whose life is a chain of detached versions, each read only because somebody pinned it.

Nothing here asks for "the latest" version: after a power cut its manifest may be empty, while a pinned version, all of
whose files were fsynced before the pin was committed, can always be opened (G2). Every method that changes something
takes the version to start from, writes new files, makes them durable, and returns the new version. Until the caller
publishes that number, the new files are litter and nothing else (G7).

Two writers that staged at the same time do not meet: whoever publishes second calls `attach` once more, on the version
that the first one published, with the rows it has staged already.
"""

import json
import threading
import uuid
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holdfast import faults
from holdfast.errors import CorruptStore
from holdfast.host import disk
from holdfast.host.importing import importing
from holdfast.index.lance.errors import reading, writing

if TYPE_CHECKING:
    import pyarrow as pa

#: the linear version that holds the schema; everything else is detached
FIRST_VERSION = 1
#: versions kept open per table
_OPEN_VERSIONS = 8
#: rows per data file of one append
_ROWS_PER_FILE = 250_000
#: bytes of index pages that Lance may keep in memory, per table and process
INDEX_CACHE = 128 << 20
#: the same, for what is read once to see whether it can be
COLD_CACHE = 64 << 20
#: bytes of file metadata that Lance may keep in memory, per table and process
_METADATA_CACHE = 32 << 20


@dataclass(frozen=True)
class TableShape:
    """The columns of a table, and which of them can be indexed."""

    schema: "pa.Schema"
    #: string column that rows are looked up and deleted by
    key: str = ""
    #: string column of terms separated by spaces, for full text
    text: str = ""
    #: column of float32 vectors of length 1
    vector: str = ""


@dataclass(frozen=True)
class StagedRows:
    """Rows that are durable in data files which no version refers to yet."""

    #: Lance's description of each fragment, as JSON
    fragments: tuple[str, ...]
    #: the data files, relative to the table's folder
    files: tuple[str, ...]
    #: how many rows they hold
    rows: int

    def to_json(self) -> str:
        """Return all of this as one line of JSON."""
        return json.dumps({"fragments": self.fragments, "files": self.files, "rows": self.rows})

    @staticmethod
    def from_json(text: str) -> "StagedRows":
        """Return what `to_json` wrote."""
        found = json.loads(text)
        return StagedRows(tuple(found["fragments"]), tuple(found["files"]), found["rows"])


class VersionedTable:
    """A table at `path`. It may be shared between threads; open it again in another process.

    With `durable=False` nothing is fsynced: quicker, and a power cut may cost what was written.
    """

    def __init__(self, path: Path, shape: TableShape, *, durable: bool = True) -> None:
        self.path = path
        self.shape = shape
        self._durable = durable
        self._opening = threading.Lock()
        self._open: OrderedDict[int, Any] = OrderedDict()

    @property
    def name(self) -> str:
        """Return what messages call the table."""
        return self.path.name

    def create(self) -> int:
        """Make the empty table, with an empty full-text index if it has a text column; return the version to pin.

        A folder left by a creation that was interrupted is used if it can be opened, else set aside.
        """
        with importing():
            import lance

        with writing(self.name):
            disk.make_dir(self.path.parent)
            if not self._has_first_version():
                self._set_aside()
                lance.write_dataset(self.shape.schema.empty_table(), str(self.path), mode="create")
            faults.point("table.before_create_fsync")
            self.make_durable(self._files_below("_versions") + self._files_below("_transactions"))
            disk.fsync_dir(self.path.parent)
        if not self.shape.text:
            return FIRST_VERSION
        from holdfast.index.lance.segments import index_nothing

        return index_nothing(self)

    def open(self, version: int) -> Any:
        """Return the lance.LanceDataset at `version`; raises CorruptStore if it cannot be opened."""
        with self._opening:
            found = self._open.get(version)
            if found is not None:
                self._open.move_to_end(version)
                return found
        return self._remember(version, self._load(version))

    def forget(self) -> None:
        """Let go of the versions kept open, so that what is on disk now is what is read next."""
        with self._opening:
            self._open.clear()

    def open_apart(self, version: int) -> Any:
        """Return the dataset at `version` as an object of the caller's own.

        Lance borrows a dataset for the time of a write, and refuses every other use of the same object meanwhile.
        """
        return self._load(version)

    def open_cold(self, version: int) -> Any:
        """Return the dataset at `version` with caches of its own: what is read through it, is read from the disk."""
        return self._load(version, _new_session(COLD_CACHE))

    def stage(self, rows: "pa.Table | pa.RecordBatchReader") -> StagedRows:
        """Write rows to new data files and make them durable; no version refers to them yet."""
        with importing():
            from lance.fragment import write_fragments

        with writing(self.name):
            faults.point("table.before_fragments")
            # An open dataset is given and not a path, which would be opened at its latest version.
            found = write_fragments(
                rows, self.open_apart(FIRST_VERSION), schema=self.shape.schema, max_rows_per_file=_ROWS_PER_FILE
            )
            fragments = [fragment for fragment in found if fragment.physical_rows]
            files = [f"data/{file.path}" for fragment in fragments for file in fragment.files]
            faults.point("table.before_fragment_fsync")
            self.make_durable(files)
        described = tuple(json.dumps(fragment.to_json()) for fragment in fragments)
        return StagedRows(described, tuple(files), sum(fragment.physical_rows for fragment in fragments))

    def attach(self, base: int, staged: StagedRows) -> int:
        """Return a version with the rows of `base` and the staged ones. The same rows may be attached to any base."""
        with importing():
            from lance import LanceOperation

            with importing():
                from lance.fragment import FragmentMetadata

        if not staged.fragments:
            return base
        fragments = [FragmentMetadata.from_json(described) for described in staged.fragments]
        return self.commit(base, LanceOperation.Append(fragments))

    def append(self, base: int, rows: "pa.Table | pa.RecordBatchReader") -> int:
        """Stage and attach in one go."""
        return self.attach(base, self.stage(rows))

    def delete_ids(self, base: int, ids: Sequence[str]) -> int:
        """Return a version without the rows whose key is one of `ids`; `base` itself if there are none."""
        return self.delete(base, is_one_of(self.shape.key, ids)) if ids else base

    def delete(self, base: int, predicate: str) -> int:
        """Return a version without the rows that the SQL predicate is true of; `base` itself if there are none."""
        with importing():
            from lance import LanceOperation

        with reading(self.name, base):
            touched = self._fragments_with(base, predicate)
        if not touched:
            return base
        dataset = self.open_apart(base)
        with writing(self.name):
            shrunk = {number: dataset.get_fragment(number).delete(predicate) for number in touched}
            faults.point("table.before_deletion_fsync")
            kept = [_metadata(fragment) for fragment in shrunk.values() if fragment is not None]
            self.make_durable(file for fragment in kept for file in deletion_files(fragment))
        emptied = [number for number, fragment in shrunk.items() if fragment is None]
        return self.commit(base, LanceOperation.Delete(kept, emptied, predicate))

    def rows(self, version: int, columns: list[str] | None = None, where: str | None = None) -> "pa.Table":
        """Return the rows at `version`, in the order they were appended in, or those that `where` is true of."""
        with reading(self.name, version):
            return self.open(version).to_table(columns=columns, filter=where)

    def count(self, version: int) -> int:
        """Return the number of rows at `version`."""
        with reading(self.name, version):
            return int(self.open(version).count_rows())

    def commit(self, base: int, operation: Any) -> int:
        """Write a detached version of `base` with the operation done, durable; return its number.

        Everything the operation refers to must be durable already.
        """
        with importing():
            from lance import LanceDataset

            with importing():
                from lance.dataset import Transaction

        transaction = Transaction(base, operation, uuid=str(uuid.uuid4()))
        dataset = self.open_apart(base)
        with writing(self.name):
            faults.point("table.before_manifest")
            changed = LanceDataset.commit(dataset, transaction, detached=True)
            faults.point("table.before_manifest_fsync")
            self.make_durable([manifest_file(changed.version), f"_transactions/{base}-{transaction.uuid}.txn"])
        self._remember(changed.version, changed)
        return int(changed.version)

    def make_durable(self, files: Iterable[str]) -> None:
        """Fsync files, named relative to the table, and their directories up to the table's own."""
        if self._durable:
            disk.fsync_tree((self.path / file for file in files), self.path)

    @cached_property
    def _session(self) -> Any:
        return _new_session(INDEX_CACHE)

    def _load(self, version: int, session: Any = None) -> Any:
        with importing():
            import lance

        with reading(self.name, version):
            dataset = lance.dataset(str(self.path), version=version, session=session or self._session)
        if dataset.schema.names != self.shape.schema.names:
            raise CorruptStore(f"The table {self.name} has other columns at version {version}", path=self.name)
        return dataset

    def _remember(self, version: int, dataset: Any) -> Any:
        with self._opening:
            self._open[version] = dataset
            self._open.move_to_end(version)
            while len(self._open) > _OPEN_VERSIONS:
                self._open.popitem(last=False)
        return dataset

    def _set_aside(self) -> None:
        """Rename what stands at the path, so that a creation can go on and nothing is lost."""
        if self.path.exists():
            self.path.rename(self.path.with_name(f"{self.name}.unreadable-{uuid.uuid4().hex}"))

    def _has_first_version(self) -> bool:
        try:
            self.open(FIRST_VERSION)
        except CorruptStore:
            return False
        return True

    def _fragments_with(self, version: int, predicate: str) -> list[int]:
        """Return the numbers of the fragments that hold rows the predicate is true of; uses the key's index."""
        with importing():
            import pyarrow.compute as pc

        found = self.open(version).scanner(columns=[], filter=predicate, with_row_address=True).to_table()
        return sorted(pc.unique(pc.shift_right(found["_rowaddr"], 32)).to_pylist())

    def _files_below(self, folder: str) -> list[str]:
        return [str(file.relative_to(self.path)) for file in sorted((self.path / folder).glob("*"))]


def _new_session(index_cache: int) -> Any:
    with importing():
        import lance

    return lance.Session(  # type: ignore[attr-defined]
        index_cache_size_bytes=index_cache, metadata_cache_size_bytes=_METADATA_CACHE
    )


def is_one_of(column: str, values: Iterable[str]) -> str:
    """Return the SQL predicate that a string column holds one of the values."""
    quoted = ", ".join("'" + value.replace("'", "''") + "'" for value in values)
    return f"{column} IN ({quoted})"


def manifest_file(version: int) -> str:
    """Return where the manifest of a detached version is, relative to the table."""
    return f"_versions/d{version}.manifest"


def deletion_files(fragment: Any) -> list[str]:
    """Return the deletion file of a fragment's metadata, relative to the table, in a list; empty if it has none."""
    deletion = fragment.to_json()["deletion_file"]
    if not deletion:
        return []
    ending = {"array": "arrow", "bitmap": "bin"}[deletion["file_type"]]
    return [f"_deletions/{fragment.id}-{deletion['read_version']}-{deletion['id']}.{ending}"]


def _metadata(fragment: Any) -> Any:
    return getattr(fragment, "metadata", fragment)
