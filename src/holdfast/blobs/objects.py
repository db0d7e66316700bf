"""Blobs on any object store that obstore reaches, and on a local directory made durable."""

import uuid
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import obstore
from obstore.exceptions import NotFoundError
from obstore.store import LocalStore, MemoryStore, ObjectStore

from holdfast.blobs.hashing import checked
from holdfast.blobs.store import CHUNK_BYTES, BlobInfo
from holdfast.errors import CorruptStore, StorageFailed
from holdfast.faults import point
from holdfast.host import disk

#: where a local put writes before the rename; the leading dot keeps it out of every listing of blobs
TEMPORARY = ".incoming"


def key_of(content_id: str) -> str:
    """Return where a blob lies: `ab/cdef...`, so that no directory grows to millions of names."""
    return f"{content_id[:2]}/{content_id[2:]}"


class ObjectBlobs:
    """A `BlobStore` over an obstore store whose `put` is atomic and durable by itself, as on S3, GCS and Azure."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    @classmethod
    def in_memory(cls) -> "ObjectBlobs":
        """Return blobs that live as long as the process."""
        return cls(MemoryStore())

    def put(self, content_id: str, chunks: Iterable[bytes]) -> None:
        point("blob.before_write")
        try:
            obstore.put(self._store, key_of(content_id), checked(content_id, chunks), chunk_size=CHUNK_BYTES)
        except obstore.exceptions.BaseError as error:
            raise StorageFailed(f"The blob {content_id} could not be stored ({error})", path=content_id) from error

    def settle(self, content_id: str) -> None:
        # There a put is durable, whoever made it.
        return

    def stream(self, content_id: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        try:
            size = obstore.head(self._store, key_of(content_id))["size"]
            end = size if end is None else min(end, size)
            while start < end:
                stop = min(end, start + CHUNK_BYTES)
                yield bytes(obstore.get_range(self._store, key_of(content_id), start=start, end=stop))
                start = stop
        except (FileNotFoundError, NotFoundError) as error:
            raise missing(content_id) from error
        except obstore.exceptions.BaseError as error:
            raise StorageFailed(f"The blob {content_id} could not be read ({error})", path=content_id) from error

    def has(self, content_id: str) -> bool:
        return self.size(content_id) is not None

    def size(self, content_id: str) -> int | None:
        try:
            return int(obstore.head(self._store, key_of(content_id))["size"])
        except (FileNotFoundError, NotFoundError):
            return None
        except obstore.exceptions.BaseError as error:
            raise StorageFailed(f"The blob {content_id} could not be looked at ({error})", path=content_id) from error

    def remove(self, content_id: str) -> None:
        try:
            obstore.delete(self._store, key_of(content_id))
        except (FileNotFoundError, NotFoundError):
            return
        except obstore.exceptions.BaseError as error:
            raise StorageFailed(f"The blob {content_id} could not be removed ({error})", path=content_id) from error

    def list(self) -> Iterator[BlobInfo]:
        try:
            for batch in obstore.list(self._store):
                for meta in batch:
                    directory, _, rest = meta["path"].partition("/")
                    if len(directory) == 2 and rest:
                        yield BlobInfo(directory + rest, meta["size"], meta["last_modified"].timestamp())
        except obstore.exceptions.BaseError as error:
            raise StorageFailed(f"The blobs could not be listed ({error})", path=str(self._store)) from error

    def sweep_temporary(self, keep: Collection[str]) -> int:
        return 0


class LocalBlobs(ObjectBlobs):
    """Blobs in a directory. obstore never calls fsync, so what is written here is written by hand."""

    def __init__(self, root: Path, *, durable: bool = True, read_only: bool = False) -> None:
        try:
            if not read_only:
                disk.make_dir(root / TEMPORARY)
        except OSError as error:
            raise disk.explain(error, str(root)) from error
        if not root.is_dir():
            raise CorruptStore(f"The folder {root} is missing", path=str(root), remedy="Restore it from a backup")
        super().__init__(LocalStore(root))
        self.root = root
        self._durable = durable
        #: folders that are named durably: who made them may have died before that, or never does it
        self._settled: set[Path] = set()

    def put(self, content_id: str, chunks: Iterable[bytes]) -> None:
        target = self.root / key_of(content_id)
        temporary = self.root / TEMPORARY / f"{_mark(content_id)}-{uuid.uuid4().hex}"
        try:
            self._write(temporary, content_id, chunks)
            self._make_folder(target.parent)
            # The bytes must be durable before the name: a name that survives a power cut without them is a lie (G2).
            point("blob.before_rename")
            temporary.rename(target)
            point("blob.before_dir_fsync")
            if self._durable:
                disk.fsync_dir(target.parent)
        except OSError as error:
            _drop(temporary)
            raise disk.explain(error, str(target)) from error
        except BaseException:
            _drop(temporary)
            raise

    def settle(self, content_id: str) -> None:
        if not self._durable:
            return
        file = self.root / key_of(content_id)
        if not file.exists():
            return
        try:
            disk.fsync_file(file)
            disk.fsync_dir(file.parent)
            self._make_folder(file.parent)
        except StorageFailed:
            # Collected meanwhile: whoever relies on it will find that out, and put it again.
            if file.exists():
                raise

    def _make_folder(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        if self._durable and folder not in self._settled:
            # One fsync names all that are there by now.
            there = set(self.root.iterdir())
            disk.fsync_dir(self.root)
            disk.fsync_dir(self.root.parent)
            self._settled |= there

    def stream(self, content_id: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        try:
            with (self.root / key_of(content_id)).open("rb") as file:
                file.seek(start)
                while piece := file.read(CHUNK_BYTES if end is None else min(CHUNK_BYTES, end - start)):
                    start += len(piece)
                    yield piece
        except FileNotFoundError as error:
            raise missing(content_id) from error
        except OSError as error:
            raise StorageFailed(f"The blob {content_id} could not be read ({error})", path=content_id) from error

    def size(self, content_id: str) -> int | None:
        try:
            return (self.root / key_of(content_id)).stat().st_size
        except FileNotFoundError:
            return None
        except OSError as error:
            raise disk.explain(error, content_id) from error

    def remove(self, content_id: str) -> None:
        try:
            (self.root / key_of(content_id)).unlink(missing_ok=True)
        except OSError as error:
            raise disk.explain(error, content_id) from error

    def sweep_temporary(self, keep: Collection[str]) -> int:
        kept, removed = {_mark(content_id) for content_id in keep}, 0
        for file in (self.root / TEMPORARY).glob("*"):
            if file.name.partition("-")[0] in kept:
                continue
            try:
                file.unlink()
                removed += 1
            except FileNotFoundError:
                continue
            except OSError as error:
                raise disk.explain(error, str(file)) from error
        return removed

    def _write(self, path: Path, content_id: str, chunks: Iterable[bytes]) -> None:
        point("blob.before_write")
        with path.open("xb") as file:
            for chunk in checked(content_id, chunks):
                file.write(chunk)
            file.flush()
            point("blob.before_fsync")
            if self._durable:
                disk.fsync_handle(file.fileno())


def _mark(content_id: str) -> str:
    """Return what the name of a temporary file begins with: whoever names the content in an intent may write it."""
    return content_id[:16]


def _drop(temporary: Path) -> None:
    # What cannot be removed now is litter for the sweep; the error that led here is the one to tell.
    with suppress(OSError):
        temporary.unlink(missing_ok=True)


def missing(content_id: str) -> CorruptStore:
    """Return the error that says a blob is gone."""
    return CorruptStore(
        f"The blob {content_id} is missing", path=content_id, remedy="Run `holdfast verify` to see what it held"
    )
