"""What a base has of each row so that it is searched: its terms, how many they are, and its vector."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from holdfast.host.importing import importing
from holdfast.index.embedding.chosen import ChosenEmbedder
from holdfast.index.tables import LENGTH, TERMS, VECTOR
from holdfast.index.text.analysis import ANALYSER, tokens
from holdfast.rows.bases import shape
from holdfast.rows.schema.types import PropertySchema, TypeSchema
from holdfast.rows.searched.texts import EMBEDDED_CHARACTERS, RowTexts
from holdfast.rows.searched.vectors import embedded

if TYPE_CHECKING:
    import pyarrow as pa

#: name and version of what is searched of a row; rows made under another name are made again
SEARCHED_ROWS = "holdfast-graph-rows/1"


class SearchColumns:
    """The columns of one type that searches read, filled in by the embedder of a store."""

    def __init__(self, kind: TypeSchema, chosen: ChosenEmbedder) -> None:
        self.texts: RowTexts = RowTexts(kind)
        self._kind = kind
        self._chosen = chosen

    def __bool__(self) -> bool:
        """Return whether there are any."""
        return bool(self.texts)

    @property
    def table_name(self) -> str:
        """The name of the table that holds rows of the type in the columns of today."""
        if not self.texts:
            return shape.table_name(self._kind)
        words, meaning = ([each.id for each in part] for part in (self.texts.by_words, self.texts.by_meaning))
        made_by = [SEARCHED_ROWS, ANALYSER if words else "", self._chosen.name if meaning else ""]
        return shape.table_name(self._kind, [words, meaning, made_by])

    @property
    def names(self) -> list[str]:
        """The columns that have an index of their own."""
        return [TERMS] * bool(self.texts.by_words) + [VECTOR] * bool(self.texts.by_meaning)

    def schema(self) -> "pa.Schema":
        """Return all columns of the table."""
        with importing():
            import pyarrow as pa

        found = shape.schema_of(self._kind)
        if self.texts.by_words:
            found = found.append(pa.field(TERMS, pa.string())).append(pa.field(LENGTH, pa.int32()))
        if self.texts.by_meaning:
            found = found.append(pa.field(VECTOR, pa.list_(pa.float32(), self._chosen.dimensions)))
        return found

    def added(self, batch: "pa.RecordBatch", known: Mapping[str, bytes]) -> "pa.RecordBatch":
        """Return rows with these columns; `known` are vectors by the text that they are of."""
        with importing():
            import pyarrow as pa

        columns = batch.columns
        if self.texts.by_words:
            terms = [" ".join(tokens(text)) for text in self._texts(batch, self.texts.by_words)]
            columns += [pa.array(terms, pa.string()), pa.array([len(each.split()) for each in terms], pa.int32())]
        if self.texts.by_meaning:
            columns.append(self._vectors(batch, known))
        return pa.RecordBatch.from_arrays(columns, schema=self.schema())

    def _vectors(self, batch: "pa.RecordBatch", known: Mapping[str, bytes]) -> "pa.Array[Any]":
        with importing():
            import numpy as np

            with importing():
                import pyarrow as pa

        texts = [text[:EMBEDDED_CHARACTERS] for text in self._texts(batch, self.texts.by_meaning)]
        made = embedded(self._chosen.load(), (text for text in texts if text not in known))
        found = b"".join(known.get(text) or made[text] for text in texts)
        return pa.FixedSizeListArray.from_arrays(pa.array(np.frombuffer(found, "<f4")), self._chosen.dimensions)

    def _texts(self, batch: "pa.RecordBatch", searched: Sequence[PropertySchema]) -> list[str]:
        """Return the texts of rows, each of several properties one after another."""
        if any(each.initial is not None for each in searched):
            # A row without a value may have the one that the property came with.
            rows = shape.decoded_rows(self._kind.id, batch)
            return [self.texts.joined(searched, row.data) for row in rows]
        cells = [batch.column(shape.column_of(each.id)).to_pylist() for each in searched]
        return ["\n".join(value for value in row if value) for row in zip(*cells, strict=True)]
