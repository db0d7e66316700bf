"""Which files of a table are needed, and which are there: the difference is litter."""

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from stat import S_ISDIR

from holdfast.errors import CorruptStore
from holdfast.index.lance.errors import reading
from holdfast.index.lance.segments import index_files, segments
from holdfast.index.lance.table import FIRST_VERSION, VersionedTable, deletion_files, manifest_file


def alive_files(
    table: VersionedTable, versions: Iterable[int], *, is_needed: Callable[[int], bool] = lambda version: True
) -> set[str]:
    """Return the files that reading any of these versions needs, and those of the empty first one, all relative.

    What is staged and not yet attached is not among them: its `Staged` names those files. A version that cannot be
    read is passed over when `is_needed` says that nobody may read it any more; else raises CorruptStore.
    """
    alive = _files_of_first_version(table)
    for version in versions:
        try:
            alive |= _files_of(table, version) if version != FIRST_VERSION else set()
        except CorruptStore:
            if is_needed(version):
                raise
    return alive


def all_files(table: VersionedTable) -> list[tuple[str, int]]:
    """Return every file below the table's folder: path relative to it, and bytes."""
    found = []
    # Somebody else's sweep may remove a folder before it is listed, and a file before it is looked at. `os.walk` passes
    # over folders that cannot be listed: what is not seen is not removed, and verify reports it where it is needed.
    for folder, folders, files in os.walk(table.path):
        for path in (Path(folder, name) for name in folders + files):
            with suppress(FileNotFoundError):
                status = path.lstat()
                if not S_ISDIR(status.st_mode):
                    found.append((str(path.relative_to(table.path)), status.st_size))
    return sorted(found)


def _files_of_first_version(table: VersionedTable) -> set[str]:
    # Everything linear: version 1 is the only one. The hint is not needed, and not trusted either.
    linear = {str(file.relative_to(table.path)) for file in (table.path / "_versions").glob("[0-9]*.manifest")}
    return linear | {str(file.relative_to(table.path)) for file in (table.path / "_transactions").glob("0-*.txn")}


def _files_of(table: VersionedTable, version: int) -> set[str]:
    with reading(table.name, version):
        dataset = table.open(version)
        alive = {manifest_file(version)}
        for fragment in dataset.get_fragments():
            alive.update(f"data/{file.path}" for file in fragment.metadata.files)
            alive.update(deletion_files(fragment.metadata))
        for segment in segments(table, version):
            alive.update(index_files(table, segment.uuid))
        alive.update(_transaction_files(table, version))
    return alive


def _transaction_files(table: VersionedTable, version: int) -> set[str]:
    # On an object of our own: Lance borrows it as for a write, and a search by another thread would be refused.
    transaction = table.open_apart(version).read_transaction(version)
    return {f"_transactions/{transaction.read_version}-{transaction.uuid}.txn"} if transaction else set()
