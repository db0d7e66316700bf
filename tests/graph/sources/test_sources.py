"""Rows out of files and tables: each form gives the same rows, and what is wrong is told with its line."""

import gzip
import io
import json
import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.errors import InvalidRow, NotFound, Unsupported
from holdfast.graph.loading.report import FileFormat
from holdfast.graph.sources import lines as line_reader
from holdfast.graph.sources.batches import SourceBatch
from holdfast.graph.sources.lines import LineReader
from holdfast.graph.sources.reading import read_rows
from holdfast.graph.sources.several import read_all
from holdfast.rows.arrow.tables import TOLD
from holdfast.rows.schema.codec import RowCodec
from holdfast.rows.schema.types import GraphSchema, PropertySchema, PropertyType, TypeSchema
from tests.rows.arrow.test_tables import rows_of
from tests.rows.schema.test_codec import VALUES
from tests.support.graph_schemas import KINDS, SCHEMA, THING, TOUCHED, of_kind

#: a type and an edge that Arrow has types for, all of them
PERSON = TypeSchema(
    id=5,
    name="Person",
    kind="node",
    properties=(
        of_kind("handle", 50, key=True),
        of_kind("age", 51, "int"),
        of_kind("size", 52, "float"),
        of_kind("here", 53, "bool"),
        of_kind("born", 54, "date"),
        of_kind("seen", 55, "datetime"),
        of_kind("worth", 56, "decimal"),
        PropertySchema(id=57, name="tags", type=PropertyType(kind="list", item=KINDS["text"])),
        PropertySchema(id=58, name="meaning", type=KINDS["vector"]),
    ),
)
KNOWS = TypeSchema(id=6, name="Knows", kind="edge", source=5, target=5, properties=(of_kind("since", 60, "int"),))
GRAPH = GraphSchema((*SCHEMA.types, PERSON, KNOWS))

PEOPLE: list[dict[str, Any]] = [
    {
        "handle": "ada",
        "age": 36,
        "size": 1.5,
        "here": True,
        "born": date(1815, 12, 10),
        "seen": datetime(2024, 1, 1, tzinfo=UTC),
        "worth": "1.50",
        "tags": ["a", 'b"'],
        "meaning": [0.5, 1.0, 2.0],
    },
    {"handle": 'bob, "B"', "age": None, "here": False},
]
FRIENDS: list[dict[str, Any]] = [{"from": "ada", "to": 'bob, "B"', "since": 1840}, {"from": "ada", "to": "ada"}]


def all_of(batches: Any) -> tuple[dict[str, list[Any]], list[tuple[int, str, str, str]], int]:
    """Return the rows of a source by type, what is wrong, and how many rows are."""
    rows: dict[str, list[Any]] = {}
    bad, refused = [], 0
    for batch in batches:
        assert isinstance(batch, SourceBatch)
        if batch.kind is not None and batch.rows is not None:
            rows.setdefault(batch.kind.name, []).extend(rows_of(batch.kind, batch.rows))
        bad += [(each.line, each.type, each.field, each.reason) for each in batch.bad]
        refused += batch.refused
    return rows, bad, refused


def expected(kind: TypeSchema, rows: list[dict[str, Any]]) -> list[Any]:
    codec = RowCodec(GRAPH, kind)
    encoded = [codec.encode({name: value for name, value in row.items() if value is not None}) for row in rows]
    return [(row.key, row.src, row.dst, row.data) for row in encoded]


def json_lines(*rows: Any) -> str:
    return "".join(json.dumps(row, default=lambda value: value.isoformat()) + "\n" for row in rows)


def of_lines(text: str | bytes, schema: GraphSchema = GRAPH, type_name: str | None = None) -> Any:
    raw = text.encode() if isinstance(text, str) else text
    return all_of(LineReader("x.jsonl", schema, type_name).read(io.BytesIO(raw)))


def test_json_lines_of_several_types_are_read() -> None:
    mixed = [{"type": "Person", **PEOPLE[0]}, {"type": "Knows", **FRIENDS[0]}, {**PEOPLE[1], "type": "Person"}]
    rows, bad, _ = of_lines(json_lines(*mixed, {"type": "Knows", **FRIENDS[1]}))
    assert bad == []
    assert rows == {"Person": expected(PERSON, PEOPLE), "Knows": expected(KNOWS, FRIENDS)}


@given(st.lists(st.fixed_dictionaries({}, optional=VALUES), max_size=4))
def test_json_lines_are_stored_as_their_rows_are(values: list[dict[str, Any]]) -> None:
    given_rows = [{"handle": f"h{number}", **row} for number, row in enumerate(values)]
    for row in given_rows:
        row.update({"decimal": str(row["decimal"])} if "decimal" in row else {})
    spelt = [{**row, **{n: row[n].isoformat() for n in ("date", "datetime") if n in row}} for row in given_rows]
    for row in spelt:
        row.update({"list": [each.isoformat() for each in row["list"]]} if "list" in row else {})
    rows, bad, _ = of_lines(json_lines(*spelt), SCHEMA, "Thing")
    assert bad == []
    assert rows.get("Thing", []) == expected(THING, given_rows)


def written(path: Path, form: FileFormat, kind: str, rows: list[dict[str, Any]]) -> Path:
    table = pa.Table.from_pylist(rows, schema=_typed(kind))
    if form == "jsonl":
        path.write_text(json_lines(*rows))
    elif form == "parquet":
        pq.write_table(table, path)
    elif form == "arrow":
        feather.write_feather(table, path, "uncompressed")
    else:
        texts = [{n: _text(v) for n, v in row.items() if v is not None} for row in rows]
        table = pa.Table.from_pylist(texts, schema=pa.schema([(n, pa.string()) for n in table.column_names]))
        pcsv.write_csv(table, path, pcsv.WriteOptions(delimiter="\t" if form == "tsv" else ","))
    return path


def _text(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, str) else json.dumps(value)


def _typed(kind: str) -> pa.Schema:
    if kind == "Knows":
        return pa.schema({"from": pa.string(), "to": pa.string(), "since": pa.int32()})
    return pa.schema(
        {
            "handle": pa.string(),
            "age": pa.int16(),
            "size": pa.float64(),
            "here": pa.bool_(),
            "born": pa.date32(),
            "seen": pa.timestamp("ms", "UTC"),
            "worth": pa.string(),
            "tags": pa.list_(pa.string()),
            "meaning": pa.list_(pa.float64()),
        }
    )


@pytest.mark.parametrize("form", ["jsonl", "csv", "tsv", "parquet", "arrow"])
def test_each_form_of_file_gives_the_same_rows(form: FileFormat, tmp_path: Path) -> None:
    people = written(tmp_path / f"Person.{form}", form, "Person", PEOPLE)
    friends = written(tmp_path / f"friends.{form}", form, "Knows", FRIENDS)
    assert all_of(read_rows(people, GRAPH)) == ({"Person": expected(PERSON, PEOPLE)}, [], 0)
    assert all_of(read_rows(str(friends), GRAPH, type="Knows")) == ({"Knows": expected(KNOWS, FRIENDS)}, [], 0)
    renamed = people.rename(tmp_path / "odd.name")
    assert all_of(read_rows(renamed, GRAPH, type="Person", format=form))[0] == {"Person": expected(PERSON, PEOPLE)}


def test_tables_in_memory_are_read_by_their_columns() -> None:
    table = pa.Table.from_pylist(PEOPLE, schema=_typed("Person"))
    for source in (table, table.to_reader(), table.to_batches()[0]):
        assert all_of(read_rows(source, GRAPH, type="Person")) == ({"Person": expected(PERSON, PEOPLE)}, [], 0)
    typed = table.append_column("type", pa.array(["Person", "Person"]))
    assert all_of(read_rows(typed, GRAPH))[0] == {"Person": expected(PERSON, PEOPLE)}


def test_data_frames_are_read() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"handle": ["a", "b"], "age": [1, None], "born": pandas.to_datetime(["2024-01-01"] * 2)})
    rows: list[dict[str, Any]] = [
        {"handle": "a", "age": 1, "born": "2024-01-01"},
        {"handle": "b", "born": "2024-01-01"},
    ]
    assert all_of(read_rows(frame, GRAPH, type="Person")) == ({"Person": expected(PERSON, rows)}, [], 0)


def test_polars_frames_are_read() -> None:
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"handle": ["a", "b"], "age": [1, None]})
    rows: list[dict[str, Any]] = [{"handle": "a", "age": 1}, {"handle": "b"}]
    assert all_of(read_rows(frame, GRAPH, type="Person")) == ({"Person": expected(PERSON, rows)}, [], 0)


def test_a_table_with_a_column_of_types_is_split_by_it() -> None:
    table = pa.table(
        {
            "type": ["Person", "Knows", None, "Ghost"],
            "handle": ["a", None, "b", "c"],
            "from": [None, "a", "x", None],
            "to": [None, "a", None, None],
        }
    )
    rows, bad, refused = all_of(read_rows(table, GRAPH, type="Person"))
    assert rows == {"Person": expected(PERSON, [{"handle": "a"}]), "Knows": expected(KNOWS, [{"from": "a", "to": "a"}])}
    assert [(line, field) for line, _, field, _ in bad] == [(3, ""), (4, "type")]
    assert "there is no property 'from'" in bad[0][3]
    assert "there is no type 'Ghost'; there are Thing, Event" in bad[1][3]
    assert refused == 2


@pytest.mark.parametrize(
    ("line", "field", "reason"),
    [
        ('{"type": "Person", "handle": "a", "age": "old"}', "age", "no whole number"),
        ('{"type": "Person", "handle": "a", "age": 1.5}', "age", "no whole number"),
        ('{"type": "Person", "handle": "a", "age": 99999999999999999999}', "age", "does not fit"),
        ('{"type": "Person", "handle": "a", "size": NaN}', "size", "not a finite number"),
        ('{"type": "Person", "handle": NaN}', "handle", "it is no text"),
        ('{"type": "Person", "handle": "a\\u0000"}', "handle", "NUL"),
        ('{"type": "Person", "handle": "a\\ud800"}', "handle", "not valid Unicode"),
        ('{"type": "Person", "handle": "a", "born": "2024-13-01"}', "born", "no date"),
        ('{"type": "Person", "handle": "a", "nmae": 1}', "", "no property 'nmae'"),
        ('{"type": "Person", "handle": "a", "tags": ["a", 5]}', "tags", "of its item 1"),
        ('{"type": "Person"}', "handle", "it is missing"),
        ('{"type": "Ghost", "handle": "a"}', "type", "there is no type 'Ghost'"),
        ('{"type": 5, "handle": "a"}', "type", "there is no type 5"),
        ('{"handle": "a"}', "type", "it does not say its type"),
        ('{"type": "Person", "handle": "a"', "", "it is no JSON: Expecting"),
        ("nonsense", "", "it is no JSON: Expecting value at character 1"),
        ('["Person"]', "", "it is no JSON object"),
        ("null", "", "it is no JSON object"),
        ("[" * 100_000, "", "it is no JSON"),
        ('{"type": "Person", "handle": ' + "9" * 5000 + "}", "", "it is no JSON that can be read"),
        ('{"type": "Knows", "from": "a"}', "to", "it is missing"),
        ('{"type": "Person", "handle": "' + "x" * (10 * 1024 * 1024) + '"}', "handle", "10485760 bytes"),
    ],
    ids=lambda value: value[:40],
)
def test_a_bad_line_is_told_and_the_others_are_read(line: str, field: str, reason: str) -> None:
    good = [{"type": "Person", "handle": f"h{number}"} for number in range(3)]
    rows, bad, refused = of_lines(f"{json_lines(*good[:2])}{line}\n{json_lines(good[2])}")
    assert [(each[0], each[2]) for each in bad] == [(3, field)]
    assert reason in bad[0][3]
    assert refused == 1
    assert [row[0] for row in rows["Person"]] == ["h0", "h1", "h2"]


def test_bytes_that_are_no_utf8_are_told() -> None:
    _, bad, _ = of_lines(b'{"type": "Person", "handle": "a"}\n{"type": "Person", "handle": "\xff"}\n')
    assert [(line, reason) for line, _, _, reason in bad] == [(2, "it is not valid Unicode")]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_lines_with_nothing_in_them_count_and_do_no_harm(end: str) -> None:
    one = '{"type":"Person","handle":"%s"}'
    text = end.join(["\ufeff" + one % "a", "", "   ", one % "b", "\t", "{", one % "c"])
    rows, bad, _ = of_lines(text)
    assert [row[0] for row in rows["Person"]] == ["a", "b", "c"]
    assert [each[0] for each in bad] == [6]


def test_a_file_is_read_in_parts_that_end_where_lines_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_reader, "PART", 100)
    rows, bad, _ = of_lines(json_lines(*({"type": "Person", "handle": f"h{n}", "age": n} for n in range(100))) + "x")
    assert [row[0] for row in rows["Person"]] == [f"h{number}" for number in range(100)]
    assert [each[0] for each in bad] == [101]


def test_a_line_without_an_end_is_refused_before_it_fills_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_reader, "PART", 100)
    monkeypatch.setattr(line_reader, "MAX_LINE", 1000)
    with pytest.raises(InvalidRow, match="line 3: it has more than 1000 bytes"):
        of_lines("\n\n" + "x" * 5000)


def test_of_many_bad_lines_the_first_are_told_and_all_are_counted() -> None:
    _, bad, refused = of_lines("{\n" * 1000)
    assert (len(bad), refused) == (TOLD, 1000)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("handle,age\na,1\nb,old\nc,3\n", [(3, "age", "it is no whole number")]),
        ("handle,size\na,1\nb,inf\n", [(3, "size", "it is not a finite number")]),
        ("handle,here\na,TRUE\nb,5\n", [(3, "here", "it is neither true nor false")]),
        ("handle,tags\na,[]\nb,x\n", [(3, "tags", "it is no list")]),
        ('handle,meaning\na,"[1,2,3]"\nb,"[1]"\n', [(3, "meaning", "it has 1 numbers; 3 are wanted")]),
        ("handle,born\na,2024-01-01\nb,soon\n", [(3, "born", "it is no date of the form 2024-12-31")]),
        (
            "handle,age\na\nb,2\nc,3,4\nd,old\n",
            [
                (2, "", "it has 1 fields; the first line names 2"),
                (4, "", "it has 3 fields; the first line names 2"),
                (5, "age", "it is no whole number"),
            ],
        ),
        ("handle,age\n,1\nb,2\n", [(2, "handle", "it is missing")]),
        ('handle,age\n"",1\n', [(2, "handle", "a key cannot be empty")]),
    ],
)
def test_a_bad_record_of_csv_is_told(text: str, told: list[Any], tmp_path: Path) -> None:
    path = tmp_path / "Person.csv"
    path.write_text(text)
    rows, bad, refused = all_of(read_rows(path, GRAPH))
    assert sorted((line, field, reason) for line, _, field, reason in bad) == told
    assert refused == len(told)
    assert len(rows.get("Person", [])) == text.count("\n") - 1 - len(told)


def test_csv_that_is_no_utf8_is_told_row_by_row(tmp_path: Path) -> None:
    path = tmp_path / "Person.csv"
    path.write_bytes("handle,age\na,1\nä,2\n".encode("latin-1"))
    rows, bad, _ = all_of(read_rows(path, GRAPH))
    assert len(rows["Person"]) == 1
    assert [(line, field) for line, _, field, _ in bad] == [(3, "handle")]


def test_edges_to_nodes_with_keys_of_several_properties_are_read_from_lines_and_csv(tmp_path: Path) -> None:
    edge = {"from": "a", "to": ["2024-01-01", 5], "role": "r"}
    want = {"Touched": expected(TOUCHED, [edge])}
    assert of_lines(json_lines({"type": "Touched", **edge}))[0] == want
    path = tmp_path / "Touched.csv"
    path.write_text('from,to,role\na,"[""2024-01-01"",5]",r\na,x,r\n')
    rows, bad, _ = all_of(read_rows(path, GRAPH))
    assert rows == want
    assert [(each[0], each[2], each[3]) for each in bad] == [(3, "to", "a key of Event is a list of day, number")]


def test_a_compressed_file_is_read(tmp_path: Path) -> None:
    for name, text in (("Person.jsonl.gz", '{"handle":"a"}\n'), ("Person.csv.gz", "handle\na\n")):
        (tmp_path / name).write_bytes(gzip.compress(text.encode()))
        assert all_of(read_rows(tmp_path / name, GRAPH)) == ({"Person": expected(PERSON, [{"handle": "a"}])}, [], 0)


@pytest.mark.parametrize("name", ["a.csv", "a.parquet", "a.arrow", "a.jsonl"])
def test_a_file_that_is_not_there_is_not_found(name: str, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="There is no file"):
        all_of(read_rows(tmp_path / name, GRAPH))


@pytest.mark.parametrize("name", ["a.csv", "a.parquet", "a.arrow"])
@pytest.mark.parametrize("content", [b"", b"\0\xff\xfe" * 100])
def test_a_file_that_is_none_of_its_kind_is_refused(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises((Unsupported, InvalidRow)):
        all_of(read_rows(tmp_path / name, GRAPH, type="Person"))


def test_what_is_no_source_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unsupported, match="does not say what rows are in it"):
        read_rows(tmp_path / "a.xlsx", GRAPH)
    with pytest.raises(Unsupported, match="A value of type int is no source"):
        read_rows(5, GRAPH)


def test_rows_of_no_type_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("handle\na\nb\n")
    assert [(line, field) for line, _, field, _ in all_of(read_rows(tmp_path / "a.csv", GRAPH))[1]] == [
        (2, "type"),
        (3, "type"),
    ]


#: lines that one way of reading them might take for another
ODD_LINES = (
    '{"type":"Person","handle":"a","age":1}',
    '  {"type":"Person","handle":"b","age":null}  ',
    '{"type":"Person","handle":"c"}{"type":"Person","handle":"d"}',
    '{"type":"Person",',
    '"handle":"e"}',
    '{"type":"Person","handle":"f","handle":"g"}',
    '{"type":"Person","handle":"h","age":1e2}',
    '{"type":"Person","handle":"i","size":1}',
    '{"type":"Person","handle":"j","size":-0.0}',
    '{"type":"Person","handle":"k","size":1e400}',
    '{"type":"Person","handle":"l","here":1}',
    '{"type":"Person","handle":"m","seen":"2024-01-01T00:00:00+02:00"}',
    '{"type":"Person","handle":"n","seen":"2024-01-01"}',
    '{"type":"Person","handle":"o","seen":"2024-01-01T00:00:00.123456789Z"}',
    '{"type":"Person","handle":"p","born":"20240101"}',
    '{"type":"Person","handle":"q","born":"2024-01-01T00:00:00"}',
    '{"type":"Person","handle":"r","worth":1.50}',
    '{"type":"Person","handle":"s","worth":"1E+2"}',
    '{"type":"Person","handle":"t","worth":"0.0000001"}',
    '{"type":"Person","handle":"u","tags":[],"meaning":[1,2,3]}',
    '{"type":"Person","handle":"v","tags":null,"meaning":[1,2]}',
    '{"type":"Person","handle":"w","tags":["x",null]}',
    '{"type":"Person","handle":"x","meaning":[1e39,0,0]}',
    '{"type":"Person","handle":"y","age":9223372036854775807}',
    '{"type":"Person","handle":"z","age":-9223372036854775809}',
    '{"type":"Person","handle":5}',
    '{"type":"Person","handle":""}',
    '{"type":null,"handle":"A"}',
    '{"type":"Knows","from":"a","to":"b","since":3.0}',
    '{"type":"Knows","from":"a","to":["b"]}',
    '{"type":"Knows","from":"a","to":"\\n\\"\\\\"}',
    '{"type":"Thing","handle":"a","json":{"deep":[1,{"er":null}]}}',
    "",
    "{}",
    "null",
    "{",
    "\x00",
    "é",
)


@given(st.lists(st.sampled_from(ODD_LINES), max_size=6))
def test_lines_together_are_what_each_is_by_itself(chosen: list[str]) -> None:
    rows, bad, refused = of_lines("\n".join(chosen))
    alone_rows: dict[str, list[Any]] = {}
    alone_bad = []
    for number, line in enumerate(chosen, 1):
        # With a line that does not go through, so that it is looked at by itself.
        found, wrong, _ = of_lines(f"{line}\nx")
        for name, some in found.items():
            alone_rows.setdefault(name, []).extend(some)
        alone_bad += [(number, *each[1:]) for each in wrong if each[0] == 1]
    assert {name: sorted(some, key=repr) for name, some in rows.items() if some} == {
        name: sorted(some, key=repr) for name, some in alone_rows.items() if some
    }
    assert sorted(bad) == sorted(alone_bad)
    assert refused == len(bad)


@pytest.mark.parametrize(
    ("name", "held"),
    [
        ("Person.jsonl.gz", b"no gzip at all"),
        ("Person.jsonl.gz", gzip.compress(os.urandom(5000).hex().encode())[:-500]),
        ("Person.csv.gz", gzip.compress(os.urandom(5000).hex().encode())[:-500]),
        ("Person.csv", b"handle,handle\na,b\n"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_by_its_name(name: str, held: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(held)
    with pytest.raises(Unsupported, match=name):
        all_of(read_rows(tmp_path / name, GRAPH))


def test_a_pipe_and_a_directory_are_no_files_of_rows(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(Unsupported, match="is a pipe"):
        all_of(read_rows(tmp_path / "pipe", GRAPH, type="Person", format="csv"))
    with pytest.raises(Unsupported, match="is a directory"):
        all_of(read_rows(tmp_path, GRAPH, type="Person", format="jsonl"))


def test_a_file_is_read_whatever_the_bytes_of_its_name(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"\xff.jsonl")
    path.write_text('{"handle": "ada"}\n')
    assert all_of(read_rows(path, GRAPH, type="Person"))[0] == {"Person": expected(PERSON, [{"handle": "ada"}])}


def test_a_table_has_each_column_once_and_may_have_types_beyond_those_of_arrow() -> None:
    twice = pa.table([pa.array(["a"]), pa.array(["b"])], names=["handle", "handle"])
    with pytest.raises(Unsupported, match="2 columns called 'handle'"):
        all_of(read_rows(twice, GRAPH, type="Person"))
    table = pa.table({"handle": pa.array(["a"]), "worth": pa.array([b"0" * 16], pa.uuid())})
    assert all_of(read_rows(table, GRAPH, type="Person"))[1:] == (
        [(1, "Person", "worth", "it is no decimal")],
        1,
    )


def test_what_is_wrong_in_one_of_several_sources_is_told_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "one.jsonl").write_text('{"handle": "ada"}\n')
    (tmp_path / "two.jsonl").write_text('{"handle": 5}\n[]\n')
    paths = [str(tmp_path / name) for name in ("one.jsonl", "two.jsonl")]
    told = [bad.source for batch in read_all(paths, GRAPH, type="Person") for bad in batch.bad]
    assert told == [paths[1], paths[1]]
    assert [bad.source for batch in read_all(paths[1:], GRAPH, type="Person") for bad in batch.bad] == ["", ""]
