"""What `verify` says of properties that somebody has damaged."""

import pytest

from holdfast.front.store import Store
from holdfast.testing.seams import rooms


@pytest.mark.parametrize(
    ("damage", "said", "deep"),
    [
        ("DELETE FROM properties", "/a.md has properties that the catalog does not have", False),
        ("DELETE FROM properties", "which are not there", False),
        ("UPDATE property_values SET to_seq = 1", "Filters pass over the properties", False),
        ("UPDATE properties SET json = '{\"a\":2}'", "are damaged", True),
        ("UPDATE properties SET json = 'x'", "are damaged", True),
        ("UPDATE properties SET json = '[]'", "are damaged", True),
        ("DELETE FROM property_values", "by what they do not have", True),
        ("UPDATE property_values SET value = 't'", "by what they do not have", True),
    ],
)
def test_damaged_properties_are_told(store: Store, damage: str, said: str, deep: bool) -> None:
    store.write("/a.md", "a")
    store.properties.set("/a.md", {"a": 1})
    assert store.maintenance.verify(deep=True).ok
    with rooms(store).engine.write() as conn:
        conn.run(damage)
    found = store.maintenance.verify(deep=deep)
    assert any(said in problem.what and problem.kind == "properties" for problem in found.problems)
