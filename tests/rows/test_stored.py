"""Stored values are the same exactly when their JSON is."""

import json
from typing import Annotated, Any

from hypothesis import given
from hypothesis import strategies as st

from holdfast import Key, Node, Store
from holdfast.rows.stored import alike

SMALL: st.SearchStrategy[Any] = st.recursive(
    st.sampled_from([None, True, False, 0, 1, 0.0, 1.0, "", "1"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=4,
)


@given(SMALL, SMALL)
def test_values_are_alike_when_their_json_is(one: Any, other: Any) -> None:
    assert alike(one, other) is (json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True))


class Note(Node):
    handle: Annotated[str, Key]
    said: dict[str, Any]
    more: int | None = None


def test_what_python_takes_for_equal_is_a_change_all_the_same(store: Store) -> None:
    store.graph.apply([Note])
    store.graph.insert(Note(handle="a", said={"it": 1}))
    store.graph.upsert(Note(handle="a", said={"it": True}))
    assert store.graph.get(Note, "a").said["it"] is True
    store.graph.update(Note, "a", {"said": {"it": 1.0}})
    assert type(store.graph.get(Note, "a").said["it"]) is float


def test_a_merge_takes_such_a_change_over(store: Store) -> None:
    store.graph.apply([Note])
    store.graph.insert(Note(handle="a", said={"it": 1}))
    store.branches.create("draft")
    with store.branch("draft") as draft:
        draft.graph.update(Note, "a", {"said": {"it": True}})
    store.graph.update(Note, "a", {"more": 1})
    store.branches.merge("draft")
    assert store.graph.get(Note, "a") == Note(handle="a", said={"it": True}, more=1)
    assert store.graph.get(Note, "a").said["it"] is True
