"""Hashes of the values of a column: what millions of keys are compared by in little memory.

Two texts of one hash are taken for one only where that is looked at again, or where one in 10^12 loads may be wrong.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from holdfast.host.importing import importing

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    Hashes = NDArray[np.uint64]

#: odd numbers whose products spread bits, from the finaliser of SplitMix64
_SPREAD = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_WORD = 8


def hashes_of(values: "pa.Array[Any]", seed: int) -> "Hashes":
    """Return a hash of 64 bits for each value of a column; one number, which stands for no other, for each null."""
    with importing():
        import numpy as np

        with importing():
            import pyarrow as pa

    if len(values) == 0:
        return np.zeros(0, np.uint64)
    if pa.types.is_string(values.type):
        found = _of_texts(values, seed)
    elif pa.types.is_nested(values.type):
        found = _of_lists(values, seed)
    else:
        found = _of_numbers(values, seed)
    if values.null_count:
        found[values.is_null().to_numpy(zero_copy_only=False)] = np.uint64(0)
    return found


def hashes_of_rows(columns: "Iterable[pa.Array[Any]]", seed: int) -> "Hashes":
    """Return a hash of 64 bits for each row of some columns, one at least."""
    found: Any = None
    for values in columns:
        own = hashes_of(values, seed)
        # What stands in another column makes another row.
        found = _mixed(own if found is None else found + own)
    hashes: Hashes = found
    return hashes


def _of_numbers(values: "pa.Array[Any]", seed: int) -> "Hashes":
    with importing():
        import numpy as np

        with importing():
            import pyarrow as pa

    if pa.types.is_date32(values.type):
        values = values.cast(pa.int32())
    numbers = values.cast(pa.float64() if pa.types.is_floating(values.type) else pa.int64(), safe=False)
    # A zero has two signs.
    plain = numbers.fill_null(0).to_numpy(zero_copy_only=False) + 0
    return _mixed(plain.view(np.uint64) ^ np.uint64(seed))


def _of_lists(values: "pa.Array[Any]", seed: int) -> "Hashes":
    with importing():
        import numpy as np

        with importing():
            import pyarrow.compute as pc

    sizes = pc.fill_null(pc.list_value_length(values), 0).to_numpy(zero_copy_only=False).astype(np.int64)
    ends = np.cumsum(sizes)
    held = hashes_of(values.flatten(), seed)
    # What stands elsewhere in a list is another list.
    places = np.arange(len(held)) - np.repeat(ends - sizes, sizes)
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(_mixed(held ^ places.astype(np.uint64)), dtype=np.uint64)])
    return _mixed(sums[ends] - sums[ends - sizes] + _mixed(sizes.astype(np.uint64) ^ np.uint64(seed)))


def _of_texts(texts: "pa.Array[Any]", seed: int) -> "Hashes":
    with importing():
        import numpy as np

    _, places, data = texts.buffers()
    assert places is not None
    offsets = np.frombuffer(places, np.int32)[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
    held = np.frombuffer(data, np.uint8)[offsets[0] : offsets[-1]] if data else np.zeros(0, np.uint8)
    padded = np.concatenate([held, np.zeros(_WORD, np.uint8)])
    # A word of eight bytes from each byte on.
    words = np.ndarray((len(padded) - _WORD + 1,), "<u8", padded, strides=(1,))
    starts, sizes = offsets[:-1] - offsets[0], np.diff(offsets)
    found = _mixed(sizes.astype(np.uint64) ^ np.uint64(seed))
    least, most = int(sizes.min()), int(sizes.max())
    for at in range(0, most, _WORD):
        if at + _WORD <= least:
            found = _mixed(found ^ words[starts + at])
            continue
        chosen = np.flatnonzero(sizes > at)
        rest = np.minimum(sizes[chosen] - at, _WORD).astype(np.uint64)
        kept = np.uint64(2**64 - 1) >> (np.uint64(64) - rest * np.uint64(_WORD))
        found[chosen] = _mixed(found[chosen] ^ (words[starts[chosen] + at] & kept))
    return found


def _mixed(numbers: "Hashes") -> "Hashes":
    with importing():
        import numpy as np

    first, second = (np.uint64(each) for each in _SPREAD)
    numbers = (numbers ^ (numbers >> np.uint64(30))) * first
    numbers = (numbers ^ (numbers >> np.uint64(27))) * second
    mixed: Hashes = numbers ^ (numbers >> np.uint64(31))
    return mixed
