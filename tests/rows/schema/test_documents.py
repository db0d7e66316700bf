"""A file declares what classes do, and what a store has can be written as one."""

import contextlib
import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.errors import HoldfastError, TooLarge, Unsupported
from holdfast.graph.models.nodes import declared
from holdfast.rows.schema.documents import read_schema, write_schema
from holdfast.rows.schema.planning import plan
from holdfast.rows.schema.types import GraphSchema
from tests.graph.models.test_nodes import SCHEMA, Event, Person, Visited

TEXT = """
types:
  Person:
    properties:
      handle: {type: text, key: true}
      born: optional date
      moods: {type: list, of: enum, values: [good, "no", on]}
      no: {type: bool, default: false}
      meaning: {type: optional vector, dimensions: 3, embed: about}
      about: {type: text, embed: true, full_text: true, default: "1:30"}
  Wrote:
    from: Person
    to: Person
    on_delete: cascade
    cardinality: {most_per_source: 2}
    renamed_from: Authored
    properties: {year: {type: int, minimum: 1900, renamed_from: when}}
"""


def test_a_file_declares_types_and_properties() -> None:
    person, wrote = read_schema(TEXT).types
    by_name = {each.name: each.schema for each in person.properties}
    assert [*by_name] == ["handle", "born", "moods", "no", "meaning", "about"]
    assert by_name["handle"].key
    assert not by_name["born"].required
    assert str(by_name["moods"].type) == "list of enum of good, no, on"
    assert by_name["no"].default is False
    assert (by_name["meaning"].embed, by_name["about"].embed, by_name["about"].default) == ("about", "about", "1:30")
    assert (wrote.kind, wrote.source, wrote.target, wrote.on_delete) == ("edge", "Person", "Person", "cascade")
    assert (wrote.cardinality.most_per_source, wrote.renamed_from) == (2, "Authored")
    assert wrote.properties[0].renamed_from == "when"
    assert not plan(GraphSchema(), read_schema(TEXT)).refused


def test_json_is_a_schema_too() -> None:
    document = {"types": {"A": {"properties": {"it": {"type": "text", "key": True}}}}}
    assert read_schema(json.dumps(document, indent=1)) == read_schema(
        "types: {A: {properties: {it: {type: text, key: true}}}}"
    )


@pytest.mark.parametrize("schema", [SCHEMA, plan(GraphSchema(), read_schema(TEXT)).result(itertools.count(1).__next__)])
def test_what_is_written_declares_what_there_is(schema: GraphSchema) -> None:
    again = plan(schema, read_schema(write_schema(schema)))
    assert (again.steps, again.checks) == ((), ())
    assert again.schema == schema


def test_a_file_written_of_classes_declares_what_they_do() -> None:
    anew = plan(GraphSchema(), read_schema(write_schema(SCHEMA))).schema
    assert anew == plan(GraphSchema(), declared([Person, Event, Visited])).schema


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("types: [", "line 1"),
        ("types:\n  A:\n\tb: 1", "line 3"),
        ("types:\n  A: {}\n  A: {}", "line 3: A comes twice"),
        ("types:\n  A: &a {}\n  B: *a", "line 3: aliases are not read"),
        ("tpyes: {}", "'tpyes' means nothing here; there are types"),
        ("[1]", "stands where names and what they mean are wanted"),
        ("types: {A: {propertys: {}}}", "A: 'propertys' means nothing here"),
        ("types: {A: {properties: {b: [text]}}}", "A.b: a value of type list stands where"),
        ("types: {A: {properties: {b: string}}}", "A.b: 'string' is no type; there are text, int"),
        ("types: {A: {properties: {b: {key: true}}}}", "A.b: None is no type"),
        ("types: {A: {properties: {b: {type: text, key: yes}}}}", "A.b: key is true or false, not 'yes'"),
        ("types: {A: {properties: {b: {type: enum, values: [1]}}}}", "values are a list of texts"),
        ("types: {A: {properties: {b: {type: text, embed: 5}}}}", "embed is true, or the name"),
        ("types: {A: {properties: {b: {type: text, max_length: long}}}}", "max_length is a number, not 'long'"),
        ("types: {A: {from: 5, to: B}}", "A: from is a text, not 5"),
        ("types: {A: {cardinality: {most_per_source: many}}}", "A.cardinality: 'many' is no number of edges"),
        ("types: {A: {cardinality: {most: 1}}}", "'most' means nothing here"),
        ("!!python/object:os.system {}", "could not determine a constructor"),
        ("a\0b", "ReaderError"),
        ("{" * 50_000, "RecursionError"),
    ],
)
def test_what_is_wrong_in_a_file_is_told_with_its_place(text: str, said: str) -> None:
    with pytest.raises(Unsupported, match="The schema cannot be read") as raised:
        read_schema(text)
    assert said in str(raised.value)


def test_a_file_that_is_no_schema_by_its_size_is_not_read() -> None:
    with pytest.raises(TooLarge):
        read_schema("#" * (1024 * 1024 + 1))


WORDS = st.sampled_from(
    ["types", "A", "from", "to", "properties", "type", "text", "key", True, None, 5, "b", "default"]
)
TREES: st.SearchStrategy[Any] = st.recursive(
    WORDS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS.map(str), inner, max_size=4)
)


@given(TREES | st.fixed_dictionaries({"types": st.dictionaries(st.just("A"), TREES)}))
def test_whatever_a_file_says_it_is_a_schema_or_refused(document: Any) -> None:
    with contextlib.suppress(HoldfastError):
        plan(GraphSchema(), read_schema(json.dumps(document)))


def test_the_file_on_the_page_is_a_sound_schema() -> None:
    page = (Path(__file__).parents[3] / "docs/graph.md").read_text("utf-8")
    blocks = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert len(blocks) == 1
    assert [step.type for step in plan(GraphSchema(), read_schema(blocks[0])).steps] == ["Author", "Book", "WrittenBy"]
