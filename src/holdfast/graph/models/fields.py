"""Fields of models as properties: what their annotations say."""

import types
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

import annotated_types
from pydantic import BaseModel, JsonValue
from pydantic.fields import FieldInfo

from holdfast.errors import Unsupported
from holdfast.graph.models import markers
from holdfast.graph.models.markers import Marker
from holdfast.rows.schema.declared import DeclaredProperty
from holdfast.rows.schema.types import PropertySchema, PropertyType, ValueKind

_SCALARS: dict[Any, ValueKind] = {
    str: "text",
    int: "int",
    float: "float",
    bool: "bool",
    date: "date",
    datetime: "datetime",
    Decimal: "decimal",
}
#: None too
_ANYTHING = (Any, object, JsonValue)
_JSON = (*_ANYTHING, dict, list, tuple)
_LISTS = (list, tuple, Sequence)
#: what pydantic would ask of values, and a store would not
_UNKEPT = (
    annotated_types.Gt,
    annotated_types.Lt,
    annotated_types.MultipleOf,
    annotated_types.MinLen,
)


def declared_property(owner: str, name: str, field: FieldInfo) -> DeclaredProperty:
    """Return the property that a field of a model declares; raises Unsupported for what no value can be stored of."""
    place = f"{owner}.{name}"
    bare, optional = _without_none(field.annotation)
    inner, said = _without_annotation(bare)
    given = _given(place, (*said, *_of_items(inner), *field.metadata))
    kind = _kind(place, inner, given)
    optional = optional or inner in _ANYTHING or _is_none(field)
    schema = PropertySchema(
        name=name, type=kind, required=not optional, default=_default(field), **_asked(name, given), **_limits(given)
    )
    renamed = given.get(markers.RenamedFrom)
    return DeclaredProperty(schema=schema, renamed_from=renamed.name if renamed else None)


def _given(place: str, said: Iterable[Any]) -> dict[Any, Any]:
    """Return what is said beside a type, by its kind."""
    found: dict[Any, Any] = {}
    for each in said:
        mark = _marker(place, each)
        if isinstance(mark, markers.Range) and markers.Range in found:
            before = found[markers.Range]
            ends = (_either(before.minimum, mark.minimum), _either(before.maximum, mark.maximum))
            mark = markers.Range(*ends)
        if mark is not None:
            found[type(mark)] = mark
    return found


def _either(first: Any, second: Any) -> Any:
    return second if first is None else first


def _of_items(annotation: Any) -> tuple[Any, ...]:
    """Return what is said beside the type of a list's items."""
    inner = get_args(annotation) if get_origin(annotation) in _LISTS else ()
    return _without_annotation(inner[0])[1] if inner else ()


def _asked(name: str, given: dict[Any, Any]) -> dict[str, Any]:
    embed = given.get(markers.Embed)
    return {
        "key": markers.Key in given,
        "unique": markers.Unique in given,
        "index": markers.Index in given,
        "full_text": markers.FullText in given,
        "embed": (embed.field or name) if embed else None,
    }


def _limits(given: dict[Any, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if markers.Range in given:
        found |= {"minimum": given[markers.Range].minimum, "maximum": given[markers.Range].maximum}
    if markers.Pattern in given:
        found["pattern"] = given[markers.Pattern].pattern
    if markers.MaxLength in given:
        found["max_length"] = given[markers.MaxLength].characters
    return found


def _marker(place: str, said: Any) -> Marker | None:
    """Return what of Holdfast's is meant by something in `Annotated`; None for what others read."""
    if isinstance(said, type) and issubclass(said, Marker):
        try:
            made: Any = said
            return cast("Marker", made())
        except TypeError:
            raise _wrong(place, f"{said.__name__} wants a value", f"Write {said.__name__}(...)") from None
    if isinstance(said, Marker):
        return said
    if isinstance(said, _UNKEPT):
        raise _wrong(place, f"{said!r} would hold for the class alone", "Use Range, Pattern or MaxLength")
    return _of_pydantic(said)


def _of_pydantic(said: Any) -> Marker | None:
    """Return what is meant by a constraint that `Field(...)` was given."""
    if isinstance(said, annotated_types.Ge):
        return markers.Range(minimum=said.ge)  # type: ignore[arg-type]
    if isinstance(said, annotated_types.Le):
        return markers.Range(maximum=said.le)  # type: ignore[arg-type]
    if isinstance(said, annotated_types.MaxLen):
        return markers.MaxLength(said.max_length)
    pattern = getattr(said, "pattern", None)
    return markers.Pattern(pattern) if isinstance(pattern, str) else None


def _kind(place: str, annotation: Any, given: dict[Any, Any]) -> PropertyType:
    if markers.Vector in given:
        return PropertyType(kind="vector", dimensions=given[markers.Vector].dimensions)
    if markers.File in given:
        return _of_files(place, annotation)
    found = _scalar(place, annotation) or _list(place, annotation)
    if found is None and _is_json(annotation):
        found = PropertyType(kind="json")
    if found is None:
        raise _wrong(place, f"Values of the type {_shown(annotation)} cannot be stored", _KINDS)
    return found


_KINDS = (
    "Declare str, int, float, bool, date, datetime, Decimal, an Enum or Literal of texts, a list of one of these, "
    "or dict or Any for JSON; `| None` for what may be missing"
)


def _of_files(place: str, annotation: Any) -> PropertyType:
    file = PropertyType(kind="file")
    if annotation is str:
        return file
    if get_origin(annotation) in _LISTS and get_args(annotation)[0] is str:
        return PropertyType(kind="list", item=file)
    raise _wrong(place, "A file is named by a text", "Declare str, or a list of str")


def _scalar(place: str, annotation: Any) -> PropertyType | None:
    if annotation in _SCALARS:
        return PropertyType(kind=_SCALARS[annotation])
    values: Sequence[Any] = ()
    if get_origin(annotation) is Literal:
        values = get_args(annotation)
    elif isinstance(annotation, type) and issubclass(annotation, Enum):
        values = [each.value for each in annotation]
    if not values:
        return None
    if not all(isinstance(each, str) for each in values):
        raise _wrong(place, f"The values of {_shown(annotation)} are not all text", "Give its members texts")
    return PropertyType(kind="enum", values=tuple(str(each) for each in values))


def _list(place: str, annotation: Any) -> PropertyType | None:
    inner = get_args(annotation)
    if get_origin(annotation) not in _LISTS or not inner or (len(inner) > 1 and inner[1] is not Ellipsis):
        return None
    bare, _ = _without_annotation(inner[0])
    item = _scalar(place, bare)
    return PropertyType(kind="list", item=item) if item else None


def _is_json(annotation: Any) -> bool:
    kind = get_origin(annotation) or annotation
    return kind in _JSON or (isinstance(kind, type) and issubclass(kind, BaseModel))


def _without_none(annotation: Any) -> tuple[Any, bool]:
    """Return an annotation without None, and whether None was in it."""
    if annotation is None or annotation is type(None):
        return type(None), True
    if get_origin(annotation) not in (Union, types.UnionType):
        return annotation, False
    inner = [each for each in get_args(annotation) if each is not type(None)]
    whole = inner[0] if len(inner) == 1 else annotation
    return whole, len(inner) < len(get_args(annotation))


def _without_annotation(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    if get_origin(annotation) is Annotated:
        bare, *said = get_args(annotation)
        return bare, tuple(said)
    return annotation, ()


def _is_none(field: FieldInfo) -> bool:
    """Return whether a field is None where nothing is given, whatever its annotation says."""
    return field.default is None and field.default_factory is None


def _default(field: FieldInfo) -> Any:
    if field.default_factory in (list, dict):
        return field.default_factory()
    # What another factory makes is made for each row, by the class.
    return None if field.is_required() or field.default_factory else field.default


def _shown(annotation: Any) -> str:
    return getattr(annotation, "__name__", None) or str(annotation)


def _wrong(place: str, said: str, remedy: str) -> Unsupported:
    return Unsupported(f"{place}: {said}", path=place, remedy=remedy)
