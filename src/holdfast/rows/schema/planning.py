"""What would change if a graph were to have a declared schema: step by step, with what could be lost or is refused.

What is declared under a name that there is, is that; what is not, is what it says it was called before, or else new.
What is new has a negative id until `SchemaPlan.result` gives it one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

from holdfast.rows.schema import alterations, soundness
from holdfast.rows.schema.declared import DeclaredProperty, DeclaredSchema, DeclaredType
from holdfast.rows.schema.steps import RowCheck, SchemaPlan, SchemaStep, StepKind
from holdfast.rows.schema.types import GraphSchema, PropertySchema, TypeSchema


class _Named(Protocol):
    @property
    def name(self) -> str: ...


class _Declared(_Named, Protocol):
    @property
    def renamed_from(self) -> str | None: ...


T = TypeVar("T", bound=_Named)


def plan(old: GraphSchema, declared: DeclaredSchema, *, erase: bool = False) -> SchemaPlan:
    """Return what would change; raises Unsupported for a schema that contradicts itself.

    `erase` is to take what is dropped out of the schema for good, with its values, in place of leaving those where
    they are.
    """
    return _Planning(old, soundness.sound(declared), erase).plan()


class _Planning:
    """One plan on its way."""

    def __init__(self, old: GraphSchema, declared: DeclaredSchema, erase: bool) -> None:
        self._old = old
        self._declared = declared
        self._erase = erase
        self._steps: list[SchemaStep] = []
        self._checks: list[RowCheck] = []
        self._erased: list[tuple[int, int | None]] = []
        self._given = 0
        self._before = _matched({each.name: each for each in old.live}, declared.types)
        #: the ids of the types by the names that are declared
        self._ids = {each.name: self._id_of(self._before.get(each.name)) for each in declared.types}

    def plan(self) -> SchemaPlan:
        """Return the plan."""
        types = [self._type(each, self._before.get(each.name)) for each in self._declared.types]
        kept = {each.id for each in types}
        gone = [self._without(each) for each in self._old.types if each.id not in kept]
        schema = GraphSchema((*types, *(each for each in gone if each)))
        return SchemaPlan(tuple(self._steps), tuple(self._checks), schema, tuple(self._erased))

    def _id_of(self, before: TypeSchema | PropertySchema | None) -> int:
        if before is not None:
            return before.id
        self._given -= 1
        return self._given

    def _type(self, declared: DeclaredType, before: TypeSchema | None) -> TypeSchema:
        now = TypeSchema(
            id=self._ids[declared.name],
            name=declared.name,
            kind=declared.kind,
            source=self._ids[declared.source] if declared.source else None,
            target=self._ids[declared.target] if declared.target else None,
            cardinality=declared.cardinality,
            on_delete=declared.on_delete,
        )
        if before is None:
            return self._new_type(declared, now)
        if before.name != now.name:
            self._step("rename_type", now, None, f"{before.name} is called {now.name}")
        self._note(now, None, alterations.of_type(before, now))
        now = replace(now, properties=self._properties(declared, before, now))
        if [each.id for each in before.keys] != [each.id for each in now.keys]:
            self._step("change", now, None, "Its key changes", refused=_KEY_CHANGES)
        return now

    def _new_type(self, declared: DeclaredType, now: TypeSchema) -> TypeSchema:
        self._step("add_type", now, None, f"A type of {now.kind}s, {now.name}")
        if now.cardinality.least_per_source or now.cardinality.least_per_target:
            self._checks.append(RowCheck(kind="cardinality", type=now.name))
        properties = (replace(each.schema, id=self._id_of(None)) for each in declared.properties)
        return replace(now, properties=tuple(properties))

    def _properties(self, declared: DeclaredType, old: TypeSchema, now: TypeSchema) -> tuple[PropertySchema, ...]:
        before = _matched(old.by_name, declared.properties)
        properties = [self._property(each, before.get(each.name), now) for each in declared.properties]
        kept = {each.id for each in properties}
        gone = (self._without_property(now, each) for each in old.properties if each.id not in kept)
        return (*properties, *(each for each in gone if each))

    def _property(self, declared: DeclaredProperty, before: PropertySchema | None, of: TypeSchema) -> PropertySchema:
        if before is None:
            return self._new_property(declared.schema, of)
        now = replace(declared.schema, id=before.id, initial=before.initial)
        if before.name != now.name:
            self._step("rename_property", of, now, f"{before.name} is called {now.name}")
        self._note(of, now, alterations.of_property(before, now))
        return now

    def _new_property(self, declared: PropertySchema, of: TypeSchema) -> PropertySchema:
        now = replace(declared, id=self._id_of(None), initial=declared.default)
        needed = now.required and now.default is None
        said = f"A property {now.name}: {now.type}"
        if needed and not now.key:
            self._checks.append(RowCheck(kind="no_rows", type=of.name, property=now.name))
            said += ", which each row needs: there can be no rows yet; give it a default else"
        self._step("add_property", of, now, said, checked=needed)
        return now

    def _note(self, of: TypeSchema, on: PropertySchema | None, found: Iterable[alterations.Alteration]) -> None:
        for each in found:
            self._step(each.kind, of, on, each.said, checked=each.check is not None, refused=each.refused)
            if each.check:
                self._checks.append(RowCheck(kind=each.check, type=of.name, property=on.name if on else None))

    def _without(self, old: TypeSchema) -> TypeSchema | None:
        """Return what stays of a type that is not declared."""
        if old.dropped:
            return old
        if self._erase:
            self._erased.append((old.id, None))
            self._step("drop_type", old, None, f"{old.name} goes, with all its rows", loses_data=True)
            return None
        self._step("drop_type", old, None, f"{old.name} goes; its rows stay with older commits")
        return replace(old, dropped=True)

    def _without_property(self, of: TypeSchema, old: PropertySchema) -> PropertySchema | None:
        if old.dropped:
            return old
        if self._erase:
            self._erased.append((of.id, old.id))
            self._step("drop_property", of, old, f"{old.name} goes, with all its values", loses_data=True)
            return None
        self._step("drop_property", of, old, f"{old.name} goes; its values stay with older commits")
        return replace(old, dropped=True)

    def _step(
        self,
        kind: StepKind,
        of: TypeSchema,
        on: PropertySchema | None,
        said: str,
        *,
        checked: bool = False,
        loses_data: bool = False,
        refused: str | None = None,
    ) -> None:
        step = SchemaStep(
            kind=kind,
            type=of.name,
            property=on.name if on else None,
            said=said,
            loses_data=loses_data,
            checked=checked,
            refused=refused,
        )
        self._steps.append(step)


_KEY_CHANGES = "rows are known by their keys, in history too; declare a new type, and load the rows into it"


def _matched(old: Mapping[str, T], declared: Sequence[_Declared]) -> dict[str, T]:
    """Return what each declared thing is of those that there are, by its name of now."""
    by_name = {each.name: each for each in declared}
    found: dict[str, T] = {}
    taken: set[str] = set()
    # What takes a name over makes a new thing of what is declared under it, or the one that this was before.
    waiting = [each for each in declared if each.name not in old]
    new = set()
    while waiting:
        each = waiting.pop()
        new.add(each.name)
        was = each.renamed_from
        if was in old and was not in taken:
            assert was is not None
            found[each.name] = old[was]
            taken.add(was)
            if was in by_name:
                waiting.append(by_name[was])
    return found | {name: old[name] for name in by_name if name in old and name not in new}
