"""What every blob store must do: subclass `BlobStoreSuite`, give it a fixture `blobs`, and run pytest."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from holdfast.blobs.hashing import content_id
from holdfast.blobs.store import CHUNK_BYTES, BlobInfo, BlobStore, read_all
from holdfast.errors import Conflict, CorruptStore

_SMALL = b"a few bytes"
_LARGE = bytes(range(256)) * (CHUNK_BYTES // 256 * 2) + b"and a rest"
_ABSENT = content_id(b"never stored")


def _pieces(data: bytes, size: int = 100_000) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def _stored(blobs: BlobStore, data: bytes) -> str:
    name = content_id(data)
    blobs.put(name, _pieces(data))
    return name


class BlobStoreSuite:
    """The behaviour of a blob store. Subclasses provide a pytest fixture `blobs`: an empty store."""

    @pytest.mark.parametrize("data", [b"", b"\0", _SMALL, _LARGE], ids=["empty", "one byte", "small", "large"])
    def test_bytes_come_back_as_they_were_put(self, blobs: BlobStore, data: bytes) -> None:
        name = _stored(blobs, data)
        assert read_all(blobs, name) == data
        assert blobs.has(name)
        assert blobs.size(name) == len(data)

    def test_no_piece_is_larger_than_stated(self, blobs: BlobStore) -> None:
        pieces = list(blobs.stream(_stored(blobs, _LARGE)))
        assert max(map(len, pieces)) <= CHUNK_BYTES
        assert all(isinstance(piece, bytes) for piece in pieces)

    @pytest.mark.parametrize(
        ("start", "end"),
        [
            (0, 10),
            (5, 5),
            (100, CHUNK_BYTES + 100),
            (CHUNK_BYTES, None),
            (len(_LARGE) - 1, None),
            (0, 10**12),
            (10**12, None),
        ],
    )
    def test_a_range_is_what_a_slice_would_be(self, blobs: BlobStore, start: int, end: int | None) -> None:
        name = _stored(blobs, _LARGE)
        assert b"".join(blobs.stream(name, start, end)) == _LARGE[start:end]

    def test_putting_the_same_again_is_harmless(self, blobs: BlobStore) -> None:
        assert _stored(blobs, _SMALL) == _stored(blobs, _SMALL)
        assert read_all(blobs, content_id(_SMALL)) == _SMALL
        assert len(list(blobs.list())) == 1

    def test_a_blob_that_is_not_there(self, blobs: BlobStore) -> None:
        assert not blobs.has(_ABSENT)
        assert blobs.size(_ABSENT) is None
        with pytest.raises(CorruptStore, match=_ABSENT):
            read_all(blobs, _ABSENT)
        blobs.remove(_ABSENT)

    def test_a_removed_blob_is_gone_and_can_be_put_again(self, blobs: BlobStore) -> None:
        name = _stored(blobs, _SMALL)
        blobs.remove(name)
        assert not blobs.has(name)
        assert list(blobs.list()) == []
        _stored(blobs, _SMALL)
        assert read_all(blobs, name) == _SMALL

    def test_a_listing_has_every_blob_once(self, blobs: BlobStore) -> None:
        expected = {_stored(blobs, data): len(data) for data in (b"", _SMALL, *(b"%d" % n for n in range(50)))}
        listed = list(blobs.list())
        assert {info.content_id: info.size for info in listed} == expected
        assert len(listed) == len(expected)
        assert all(isinstance(info, BlobInfo) and info.modified > 0 for info in listed)

    def test_bytes_that_are_not_what_was_announced_are_not_stored(self, blobs: BlobStore) -> None:
        with pytest.raises(Conflict):
            blobs.put(_ABSENT, _pieces(_LARGE))
        assert not blobs.has(_ABSENT)
        assert list(blobs.list()) == []

    def test_a_source_that_fails_half_way_leaves_nothing(self, blobs: BlobStore) -> None:
        def fails() -> Iterator[bytes]:
            yield _LARGE
            raise KeyboardInterrupt

        with pytest.raises(BaseException):  # noqa: B017, PT011 - a store may wrap what its source raises
            blobs.put(content_id(_LARGE), fails())
        assert not blobs.has(content_id(_LARGE))
        assert list(blobs.list()) == []

    def test_threads_may_put_and_read_the_same_blob(self, blobs: BlobStore) -> None:
        def work(number: int) -> bytes:
            return read_all(blobs, _stored(blobs, _LARGE if number % 2 else _SMALL))

        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(work, range(8)))
        assert found == [_LARGE if number % 2 else _SMALL for number in range(8)]

    def test_sweeping_temporary_files_leaves_the_blobs(self, blobs: BlobStore) -> None:
        name = _stored(blobs, _SMALL)
        assert blobs.sweep_temporary(keep=()) == 0
        assert read_all(blobs, name) == _SMALL
