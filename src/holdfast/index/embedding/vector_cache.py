"""Vectors of texts that were embedded before, in a file: the same text is not paid for twice.

Records of one size, each the digest of a text, its vector, and a checksum; appended under a lock of the file. Nothing
depends on it: a record that is torn or damaged is as good as none, and when the file is full it is begun anew, with the
one before it kept beside it. Several processes may use it at once.
"""

import fcntl
import os
import re
import threading
import zlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from holdfast.host import disk
from holdfast.host.importing import importing

_DIGEST, _CHECKSUM = 16, 4


class VectorCache:
    """Vectors of one embedder in a folder."""

    def __init__(self, folder: Path, name: str, dimensions: int, most: int) -> None:
        plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name)[:60]
        self._name = name
        self._file = folder / f"{plain}-{_digest(name, '').hex()[:12]}-{dimensions}.vectors"
        self._old = self._file.with_suffix(".old")
        self._size = _DIGEST + 4 * dimensions + _CHECKSUM
        #: bytes of one file; there may be two
        self._most = max(self._size, most // 2)
        self._lock = threading.Lock()
        #: of each file: its inode, the bytes read, and where each text's record is
        self._seen: dict[Path, tuple[int, int, dict[bytes, int]]] = {}

    def find(self, texts: Iterable[str]) -> dict[str, Any]:
        """Return the vectors of those of the texts that have one."""
        digests = {text: _digest(self._name, text) for text in texts}
        found: dict[str, Any] = {}
        with self._lock, suppress(OSError):
            for file in (self._file, self._old):
                missing = {text: digest for text, digest in digests.items() if text not in found}
                if missing and file.exists():
                    found |= self._read(file, missing)
        return found

    def keep(self, vectors: Mapping[str, Any]) -> None:
        """Keep vectors; where nothing can be written, they are asked for again some day."""
        data = b"".join(self._record(text, vector) for text, vector in vectors.items())
        with self._lock, suppress(OSError):
            disk.make_dir(self._file.parent)
            with self._file.open("ab") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                whole = file.tell() // self._size * self._size
                # What a killed process left is no record, and all that follow would be out of place.
                file.truncate(whole)
                if whole + len(data) > self._most:
                    self._file.replace(self._old)
                    self._file.write_bytes(data[-(self._most // self._size * self._size) :])
                    return
                file.write(data)

    def _record(self, text: str, vector: Any) -> bytes:
        record = _digest(self._name, text) + vector.astype("<f4").tobytes()
        return bytes(record + zlib.crc32(record).to_bytes(_CHECKSUM, "little"))

    def _read(self, file: Path, digests: dict[str, bytes]) -> dict[str, Any]:
        with importing():
            import numpy as np

        found = {}
        with file.open("rb") as opened:
            places = self._places(opened, file)
            for text, digest in digests.items():
                if digest not in places:
                    continue
                opened.seek(places[digest])
                record = opened.read(self._size)
                body, checksum = record[:-_CHECKSUM], record[-_CHECKSUM:]
                if body[:_DIGEST] == digest and zlib.crc32(body).to_bytes(_CHECKSUM, "little") == checksum:
                    found[text] = np.frombuffer(body[_DIGEST:], dtype="<f4")
        return found

    def _places(self, opened: Any, file: Path) -> dict[bytes, int]:
        """Return where the records of a file are; what was read of it before is not read again."""
        state = os.fstat(opened.fileno())
        inode, read, places = self._seen.get(file, (state.st_ino, 0, {}))
        if inode != state.st_ino or read > state.st_size:
            read, places = 0, {}
        opened.seek(read)
        while len(record := opened.read(self._size)) == self._size:
            places[record[:_DIGEST]] = read
            read += self._size
        self._seen[file] = (state.st_ino, read, places)
        return places


def _digest(name: str, text: str) -> bytes:
    with importing():
        from blake3 import blake3

    return bytes(blake3(f"{name}\0{text}".encode("utf-8", "surrogatepass")).digest(length=_DIGEST))
