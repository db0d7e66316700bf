"""What a public method is given, checked against what its signature says, before anything is done with it.

Without it a wrong type comes out as whatever the first line that trips over it raises, or is written into the store.
`@checks_arguments` above a class has all its public methods check, and of a dataclass, which users make themselves, its
making; what a signature leaves open is not looked at.
"""

import functools
import inspect
import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import is_dataclass
from typing import Any, BinaryIO, Literal, TypeVar, Union, Unpack, get_args, get_origin, is_typeddict

from holdfast.errors import HoldfastError, InvalidPath, Unsupported
from holdfast.json_values import WHOLE

C = TypeVar("C", bound=type)
F = TypeVar("F", bound=Callable[..., Any])

#: whether a value is of a type
_Test = Callable[[object], bool]

#: characters of a wrong value that a message quotes
SHOWN = 40

#: arguments that name a place in a store or on disk; what is wrong with them is an InvalidPath
_PLACES = frozenset({"path", "source", "sources", "target", "under", "to", "pattern", "session_id", "address"})
#: numbers of things, of which there cannot be fewer than none
_COUNTS = frozenset({"limit", "retries", "newest", "failures", "keep_recent", "token_budget", "jobs", "workers"})
#: numbers that are compared only, and may be of any size
_COMPARED = frozenset({"at", "old", "new", "token_budget", "timeout"})
#: types of which a signature takes all values or none, unless it lists those it takes
_ALIKE = {str, bytes, bool, type(None)}


def checks_arguments(kind: C) -> C:
    """Have every public method of a class check its arguments, and `__init__` of a dataclass; for a class decorator."""
    for name, member in list(vars(kind).items()):
        made_by_users = name == "__init__" and is_dataclass(kind)
        if (made_by_users or not name.startswith("_")) and inspect.isfunction(member):
            setattr(kind, name, checked(member, bound=True))
    return kind


def checked(function: F, *, bound: bool = False) -> F:
    """Return `function`, which then raises Unsupported or InvalidPath for a value that its signature does not allow.

    `bound` says that its first argument is `self`.
    """

    # Types of arguments that were right, and would be again: nearly every call is like one before it.
    right: set[tuple[type, ...]] = set()

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if kwargs or tuple(map(type, args)) not in right:
            rules = _rules_of(function, bound)
            rules.check(args, kwargs)
            if not kwargs and rules.are_told_by_type(args):
                right.add(tuple(map(type, args)))
        return function(*args, **kwargs)

    return call  # type: ignore[return-value]


class _Rules:
    """What the arguments of one function may be."""

    def __init__(self, function: Callable[..., Any], *, bound: bool) -> None:
        #: arguments that are not looked at
        self._passed = int(bound)
        #: whether some of the values of a type are right, and others of it are not
        self._of_words = False
        #: those that may be given by their place, in order; None for one that may be anything
        self._by_place: list[tuple[str, _Test | None]] = []
        self._by_name: dict[str, _Test | None] = {}
        #: of all that are left when the places are used up
        self._others: tuple[str, _Test | None] = ("", None)
        self._said: dict[str, str] = {}
        for number, parameter in enumerate(inspect.signature(function).parameters.values()):
            self._add(parameter, parameter.empty if bound and number == 0 else parameter.annotation)
            self._of_words = self._of_words or "Literal[" in str(parameter.annotation)

    def _add(self, parameter: inspect.Parameter, annotation: Any) -> None:
        if parameter.kind is parameter.VAR_KEYWORD:
            for name, of_key in _keywords(annotation).items():
                self._note(name, of_key)
            return
        test = self._note(parameter.name, annotation)
        if parameter.kind is parameter.VAR_POSITIONAL:
            self._others = parameter.name, test
        elif parameter.kind is not parameter.KEYWORD_ONLY:
            self._by_place.append((parameter.name, test))

    def _note(self, name: str, annotation: Any) -> _Test | None:
        test = self._by_name[name] = _test(annotation)
        self._said[name] = _said(annotation)
        return test

    def check(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Raise for the first value that may not be."""
        for number, value in enumerate(args):
            name, test = self._by_place[number] if number < len(self._by_place) else self._others
            # Nearly every argument is a text where one may be, and nothing more is asked of a text.
            if type(value) is not str or (test is not None and not test(value)):
                self._check(name, test, value)
        for name, value in kwargs.items():
            self._check(name, self._by_name.get(name), value)

    def are_told_by_type(self, args: tuple[Any, ...]) -> bool:
        """Return whether all values of the types of these arguments, which are right, are right as well."""
        if self._of_words or len(args) > len(self._by_place):
            return False
        return all(type(value) in _ALIKE for value in args[self._passed :])

    def _check(self, name: str, test: _Test | None, value: Any) -> None:
        if test is not None and not test(value):
            raise _wrong(name, value, self._said[name])
        if type(value) is int and value not in WHOLE and name not in _COMPARED:
            raise _wrong(name, value, "a smaller number")
        if name in _COUNTS and value is not None and value < 0:
            raise Unsupported(f"{name} cannot be {value}", path=name, remedy="Give 0 or more")


@functools.cache
def _rules_of(function: Callable[..., Any], bound: bool) -> _Rules:
    return _Rules(function, bound=bound)


def _wrong(name: str, value: object, wanted: str) -> HoldfastError:
    # What is given may be of any size, and may be a secret.
    short = isinstance(value, bool | float) or (isinstance(value, int) and value in WHOLE)
    short = short or (isinstance(value, str) and len(value) <= SHOWN)
    given = repr(value) if short else f"a value of type {type(value).__name__}"
    if name in _PLACES:
        return InvalidPath(f"A path is text: {name} cannot be {given}", path=name, remedy=f"Give {wanted}")
    return Unsupported(f"{name} cannot be {given}", path=name, remedy=f"Give {wanted}")


def _keywords(annotation: Any) -> dict[str, Any]:
    """Return the annotations of `**how: Unpack[SomeTypedDict]` by name."""
    inner = get_args(annotation) if get_origin(annotation) is Unpack else ()
    return dict(inner[0].__annotations__) if inner and is_typeddict(inner[0]) else {}


def _test(annotation: Any) -> _Test | None:
    """Return what tells whether a value fits an annotation; None when that cannot be told, or need not."""
    if isinstance(annotation, str):
        # It names what is not imported; whether something can be called is told all the same.
        optional = annotation.endswith("| None")
        return (lambda value: callable(value) or (optional and value is None)) if "Callable[" in annotation else None
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        tests = [_test(each) for each in inner]
        return None if None in tests else lambda value: any(test(value) for test in tests if test)
    if origin is Literal:
        return lambda value: any(value is each or (value == each and type(value) is type(each)) for each in inner)
    if annotation in _OF_TYPE:
        return _OF_TYPE[annotation]
    kind = origin if isinstance(origin, type) else annotation
    if kind is Callable:
        return callable
    if not isinstance(kind, type) or kind is inspect.Parameter.empty:
        return None
    if getattr(kind, "_is_protocol", False):
        methods = [name for name in vars(kind) if not name.startswith("_")]
        return lambda value: all(hasattr(value, name) for name in methods)
    if issubclass(kind, Mapping):
        return lambda value: isinstance(value, Mapping)
    if issubclass(kind, Iterable) and not issubclass(kind, str | bytes):
        return _several(kind, inner)
    return lambda value: isinstance(value, kind)


def _several(kind: type, inner: tuple[Any, ...]) -> _Test:
    """Return what tells whether a value is several of what `inner` says: as many, for a tuple without an ellipsis."""
    many = _many(_test(inner[0]) if inner else None)
    if kind is not tuple or not inner or Ellipsis in inner:
        return many
    return lambda value: many(value) and isinstance(value, tuple | list) and len(value) == len(inner)


def _many(each: _Test | None) -> _Test:
    def test(value: object) -> bool:
        if not isinstance(value, Iterable) or isinstance(value, str | bytes | bytearray | Mapping):
            return False
        # What can be gone through once only is looked at by whoever goes through it.
        return each is None or not isinstance(value, list | tuple) or all(map(each, value))

    return test


#: a bool is a number to Python, and never what was meant by one; nothing is equal to a number that is none
_OF_TYPE: dict[Any, _Test | None] = {
    Any: None,
    None: lambda value: value is None,
    type(None): lambda value: value is None,
    bool: lambda value: isinstance(value, bool),
    int: lambda value: isinstance(value, int) and not isinstance(value, bool),
    float: lambda value: isinstance(value, int | float) and not isinstance(value, bool) and value == value,
    BinaryIO: lambda value: hasattr(value, "read"),
}


def _said(annotation: Any) -> str:
    """Return an annotation in words: `int`, `str or None`."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        return " or ".join(_said(each) for each in inner)
    if origin is Literal:
        return " or ".join(map(repr, inner))
    if annotation in (None, type(None)):
        return "None"
    named = getattr(origin or annotation, "__name__", str(annotation))
    return f"{named} of {_said(inner[0])}" if origin in (list, tuple) or named in ("Sequence", "Iterable") else named
