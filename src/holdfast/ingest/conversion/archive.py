"""Zip containers (DOCX, PPTX, XLSX, EPUB): what they hold, and whether they are safe to unfold.

The directory is looked at first and then the members are really unpacked, in pieces and thrown away: a directory can
lie, and a member whose checksum is wrong is damage that a lenient parser would pass over in silence.
"""

import io
import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from holdfast.errors import ConversionFailed, HoldfastError, TooLarge
from holdfast.ingest.conversion import formats
from holdfast.ingest.conversion.limits import DEFAULT_LIMITS, ConversionLimits
from holdfast.ingest.conversion.port import unreadable

#: bytes that one directory record takes at most before a directory is taken for hostile
_RECORD_BYTES = 512
#: bytes unpacked at a time
_PIECE = 1024 * 1024
#: characters kept of another library's reason
_REASON_CHARACTERS = 120
_END = b"PK\x05\x06"
#: an end record is at most this far from the end of the file: its own 22 bytes and a comment
_END_WITHIN = 22 + 65535
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    struct.error,
    OSError,
)
_MAIN_PARTS = (("word/", formats.DOCX), ("ppt/", formats.PPTX), ("xl/", formats.XLSX))


def container_type(name: str, source: Path | bytes) -> str | None:
    """Return the media type of the zip container `source`, or None when it is none that is known or is damaged."""
    if not has_directory(source, name):
        return None
    try:
        with _opened(source, name, DEFAULT_LIMITS) as container:
            return _type_of(container)
    except ConversionFailed:
        return None


def _type_of(container: zipfile.ZipFile) -> str | None:
    names = container.namelist()
    if "[Content_Types].xml" in names:
        return next((media for prefix, media in _MAIN_PARTS if any(n.startswith(prefix) for n in names)), None)
    return formats.EPUB if "META-INF/container.xml" in names else None


def has_directory(source: Path | bytes, name: str) -> bool:
    """Tell whether a zip's end record is there: a truncated file has lost it."""
    with _file(source, name) as file:
        return _END in _tail(file)


def check(name: str, source: Path | bytes, limits: ConversionLimits) -> str | None:
    """Make sure that `source` is a sound zip within `limits`; return its media type, None when it is no known one.

    Raises TooLarge for a zip bomb, ConversionFailed when the container is encrypted, truncated or damaged.
    """
    with _opened(source, name, limits) as container:
        members = container.infolist()
        _check_directory(name, members, limits)
        _unpack_all(name, container, members, limits)
        return _type_of(container)


@contextmanager
def _opened(source: Path | bytes, name: str, limits: ConversionLimits) -> Iterator[zipfile.ZipFile]:
    with _file(source, name) as file:
        # Before zipfile builds an object per record: a billion records would exhaust the memory.
        _check_record_count(name, _tail(file), limits)
        try:
            with zipfile.ZipFile(file) as container:
                yield container
        except HoldfastError:
            raise
        except _DAMAGE as error:
            raise _damaged(name, str(error)) from error


@contextmanager
def _file(source: Path | bytes, name: str) -> Iterator[IO[bytes]]:
    if isinstance(source, bytes):
        yield io.BytesIO(source)
        return
    try:
        file = source.open("rb")
    except OSError as error:
        raise unreadable(name, error) from error
    with file:
        yield file


def _tail(file: IO[bytes]) -> bytes:
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - _END_WITHIN))
    return file.read()


def _check_record_count(name: str, tail: bytes, limits: ConversionLimits) -> None:
    at = tail.rfind(_END)
    if at < 0 or len(tail) < at + 22:
        raise _damaged(name, "the zip directory is missing, the file is truncated")
    count, directory_bytes = struct.unpack_from("<H", tail, at + 10)[0], struct.unpack_from("<I", tail, at + 12)[0]
    wide = tail.rfind(b"PK\x06\x06")
    if wide >= 0 and len(tail) >= wide + 48:
        count, directory_bytes = struct.unpack_from("<QQ", tail, wide + 32)
    if count > limits.max_archive_entries or directory_bytes > limits.max_archive_entries * _RECORD_BYTES:
        raise _bomb(name, f"its directory lists more than {limits.max_archive_entries} members")


def _check_directory(name: str, members: list[zipfile.ZipInfo], limits: ConversionLimits) -> None:
    if any(member.flag_bits & 1 for member in members):
        raise encrypted(name)
    if len(members) > limits.max_archive_entries:
        raise _bomb(name, f"it has {len(members)} members, more than {limits.max_archive_entries}")
    largest = max((member.file_size for member in members), default=0)
    if largest > limits.max_member_bytes:
        raise _bomb(name, f"one member unpacks to {largest} bytes, more than {limits.max_member_bytes}")
    total = sum(member.file_size for member in members)
    if total > limits.max_archive_bytes:
        raise _bomb(name, f"it unpacks to {total} bytes, more than {limits.max_archive_bytes}")
    packed = max(1, sum(member.compress_size for member in members))
    if total > limits.ratio_floor_bytes and total > packed * limits.max_archive_ratio:
        raise _bomb(name, f"it unpacks to {total // packed} times its size, more than {limits.max_archive_ratio}")


def _unpack_all(
    name: str, container: zipfile.ZipFile, members: list[zipfile.ZipInfo], limits: ConversionLimits
) -> None:
    total = 0
    for member in members:
        with container.open(member) as stream:
            while piece := stream.read(_PIECE):
                total += len(piece)
                if total > limits.max_archive_bytes:
                    raise _bomb(name, f"it unpacks to more than {limits.max_archive_bytes} bytes")


def locked_chapters(name: str, source: Path | bytes, limits: ConversionLimits) -> bool:
    """Tell whether an e-book's chapters are encrypted (fonts alone may be)."""
    with _opened(source, name, limits) as container:
        if "META-INF/encryption.xml" not in container.namelist():
            return False
        listed = container.read("META-INF/encryption.xml")
    return re.search(rb"CipherReference[^>]*URI=\"[^\"]+\.x?html?\"", listed, re.I) is not None


def encrypted(name: str) -> ConversionFailed:
    """Return the error for a document that needs a password."""
    return ConversionFailed(
        f"{name} is encrypted: it can only be opened with a password",
        path=name,
        remedy="Save a copy without the password and add that",
    )


def _damaged(name: str, why: str) -> ConversionFailed:
    # zipfile quotes the broken bytes themselves, all of them.
    return ConversionFailed(f"{name} is damaged: {why[:_REASON_CHARACTERS].rstrip('.')}", path=name)


def _bomb(name: str, why: str) -> TooLarge:
    return TooLarge(
        f"{name} looks like a zip bomb: {why}",
        path=name,
        remedy="If the document is honest, save its parts as documents of their own; else leave it out",
    )
