"""What rows are loaded from, whatever it is: files by their names, tables by what they are."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, cast

import pyarrow as pa

from holdfast.errors import NotFound, Unsupported
from holdfast.graph.loading.report import FileFormat
from holdfast.graph.sources import files
from holdfast.graph.sources.batches import SourceBatch, TableReader
from holdfast.graph.sources.lines import LineReader
from holdfast.rows.schema.types import GraphSchema

#: by the end of a name
_FORMATS: dict[str, FileFormat] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "arrow",
    ".arrows": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
}
#: how a file is compressed, by the end of its name
_CODECS = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd", ".lz4": "lz4"}


def read_rows(
    source: object, schema: GraphSchema, *, type: str | None = None, format: FileFormat | None = None
) -> Iterator[SourceBatch]:
    """Yield the rows of a source by type, in batches of bounded size, with what is wrong in them.

    A source is a path, or a table: of Arrow, pandas, polars, or anything that gives Arrow's streams. `type` is the type
    of rows that do not say theirs, which the name of a file says too. Raises NotFound, and Unsupported for what cannot
    be read as what it says it is.
    """
    if isinstance(source, str | Path):
        return _read_file(Path(source), schema, type, format)
    reader = TableReader("the table", schema, type)
    return files.read_batches(reader, _batches(source))


def _read_file(path: Path, schema: GraphSchema, type: str | None, format: FileFormat | None) -> Iterator[SourceBatch]:
    plain = path.with_suffix("") if path.suffix.lower() in _CODECS else path
    form = format or _FORMATS.get(plain.suffix.lower())
    if form is None:
        raise Unsupported(
            f"{path} has a name that does not say what rows are in it",
            path=str(path),
            remedy="Name a .jsonl, .csv, .tsv, .parquet or .arrow file, or say the format (`--format`)",
        )
    named = type or next((each.name for each in schema.live if each.name == plain.stem), None)
    return _READERS[form](partial(opened, path), str(path), schema, named)


def opened(path: Path) -> AbstractContextManager[BinaryIO]:
    """Return a file to be read, unpacked as the end of its name says; raises NotFound or Unsupported."""
    if path.is_dir():
        raise Unsupported(f"{path} is a directory", path=str(path), remedy="Name the files in it")
    if path.exists() and not path.is_file():
        # It may have to be read twice.
        raise Unsupported(f"{path} is a pipe or a device", path=str(path), remedy="Write its rows to a file first")
    try:
        # By its bytes, which need not be UTF-8.
        held = pa.OSFile(os.fsencode(path))
        packed = _CODECS.get(path.suffix.lower())
        return cast("AbstractContextManager[BinaryIO]", pa.CompressedInputStream(held, packed) if packed else held)
    except FileNotFoundError as error:
        raise NotFound(f"There is no file {path}", path=str(path), remedy="Name a file that is there") from error
    except OSError as error:
        raise Unsupported(
            f"{path} cannot be read ({error.strerror or error})",
            path=str(path),
            remedy="See whether it may be read by you",
        ) from error


def _read_lines(opened: files.Opened, source: str, schema: GraphSchema, type: str | None) -> Iterator[SourceBatch]:
    with files.told("JSON Lines", source), opened() as stream:
        yield from LineReader(source, schema, type).read(stream)


def _read_csv(
    opened: files.Opened, source: str, schema: GraphSchema, type: str | None, delimiter: str = ","
) -> Iterator[SourceBatch]:
    return files.read_csv(TableReader(source, schema, type, written=True), opened, source, delimiter)


def _read_parquet(opened: files.Opened, source: str, schema: GraphSchema, type: str | None) -> Iterator[SourceBatch]:
    return files.read_parquet(TableReader(source, schema, type), opened, source)


def _read_arrow(opened: files.Opened, source: str, schema: GraphSchema, type: str | None) -> Iterator[SourceBatch]:
    return files.read_arrow(TableReader(source, schema, type), opened, source)


_READERS: dict[FileFormat, Callable[[files.Opened, str, GraphSchema, str | None], Iterator[SourceBatch]]] = {
    "jsonl": _read_lines,
    "csv": _read_csv,
    "tsv": partial(_read_csv, delimiter="\t"),
    "parquet": _read_parquet,
    "arrow": _read_arrow,
}


def _batches(source: Any) -> Iterator[pa.RecordBatch]:
    try:
        if hasattr(source, "__arrow_c_stream__"):
            return iter(pa.RecordBatchReader.from_stream(source))
        if hasattr(source, "__arrow_c_array__"):
            return iter([pa.record_batch(source)])
        if hasattr(source, "to_records"):
            return iter(pa.Table.from_pandas(source, preserve_index=False).to_batches())
    except (pa.ArrowException, TypeError, ValueError) as error:
        first = str(error).partition("\n")[0][:200]
        raise Unsupported(
            f"The table cannot be read ({first})", remedy="Give each column values of one type, or JSON Lines"
        ) from error
    raise Unsupported(
        f"A value of type {source.__class__.__name__} is no source of rows",
        remedy="Give the path of a file, or a table of Arrow, pandas or polars",
    )
