"""Reading a part of a file: a range of its bytes, or of its lines."""

import pytest

from holdfast.errors import NotADirectory, Unsupported
from holdfast.front.store import Store
from holdfast.testing.seams import rooms

LARGE = bytes(range(256)) * 1024


@pytest.mark.parametrize("data", [LARGE[:1000], LARGE])
def test_a_range_is_read_as_a_slice_has_it(store: Store, data: bytes) -> None:
    store.write("/f.bin", data)
    for start, end in ((0, 10), (990, 1000), (5, 5), (0, 10**9), (10**9, 10**9 + 1)):
        assert store.read("/f.bin", range=(start, end)) == data[start:end]
        with store.transaction() as tx:
            assert tx.read("/f.bin", range=(start, end)) == data[start:end]
            tx.write("/g.bin", data)
            assert tx.read("/g.bin", range=(start, end)) == data[start:end]
            tx.rollback()


def test_of_a_large_file_only_the_range_is_read(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.write("/f.bin", LARGE)
    blobs, asked = rooms(store).blobs, []
    stream = blobs.stream

    def told(content_id: str, start: int = 0, end: int | None = None) -> object:
        asked.append((start, end))
        return stream(content_id, start, end)

    monkeypatch.setattr(blobs, "stream", told)
    assert store.read("/f.bin", range=(300, 310)) == LARGE[300:310]
    assert asked == [(300, 310)]


@pytest.mark.parametrize("wrong", [(-1, 5), (5, 4)])
def test_what_is_no_range_is_refused(store: Store, wrong: tuple[int, int]) -> None:
    store.write("/a.md", "a")
    with pytest.raises(Unsupported, match="range of bytes cannot be"):
        store.read("/a.md", range=wrong)
    with pytest.raises(Unsupported, match="range of lines cannot be"):
        store.read_text("/a.md", lines=wrong)


def test_lines_are_counted_as_grep_counts_them(store: Store) -> None:
    store.write("/a.md", "# A\n\none\ntwo\nthree\n")
    [match] = store.grep("two")
    assert store.read_text("/a.md", lines=(match.line, match.line)) == "two\n"
    assert store.read_text("/a.md", lines=(3, 100)) == "one\ntwo\nthree\n"
    assert store.read_text("/a.md", lines=(100, 200)) == ""


def test_a_file_has_no_listing(store: Store) -> None:
    store.write("/a.md", "a")
    with pytest.raises(NotADirectory):
        list(store.ls("/a.md"))
