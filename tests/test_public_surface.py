"""What a user may rely on, pinned: a name that comes or goes here is a decision, not an accident."""

import inspect
import re
from pathlib import Path
from typing import Any

import pytest

import holdfast
from holdfast import errors
from holdfast.errors import HoldfastError
from holdfast.front.store import Store
from holdfast.publish.transaction import Transaction
from holdfast.tree.snapshot import Snapshot

ERRORS = {
    "AlreadyExists",
    "BranchGone", "CommitTaken", "Conflict", "ConversionFailed", "CorruptStore", "HoldfastError", "InvalidConfig",
    "InvalidPath", "InvalidRow", "IsADirectory", "LockLost", "Locked", "MergeConflicted", "NotADirectory", "NotEmpty",
    "NotFound", "ProviderFailed", "ReadOnly", "StorageFailed", "StoreNotFound", "StoreTooNew", "TooLarge",
    "Unsupported",
}  # fmt: skip
#: raised with a remedy of their own each time
WITHOUT_REMEDY = {"HoldfastError", "Unsupported"}
#: every exported name that is no error
OTHERS = {name for name in holdfast.__all__ if not name[0].islower()} - ERRORS
#: every public member of each exported class with its signature; `python -m tests.test_public_surface` writes it anew
PINNED = Path(__file__).with_name("public_surface.txt")
#: in annotations of public methods: Python's own, and Holdfast's that nobody has to name
OF_PYTHON = {
    "AbstractContextManager", "Any", "BaseException", "BinaryIO", "Callable", "Decimal", "False", "Generator",
    "Iterable", "Iterator", "Literal", "Mapping", "None", "Optional", "Path", "PathLike", "Random", "Sequence", "T",
    "Table", "TracebackType", "True", "Union", "Unpack",
}  # fmt: skip


def public(thing: object) -> set[str]:
    return {name for name in dir(thing) if not name.startswith("_")}


def own(kind: object) -> set[str]:
    """Return the public members that are Holdfast's: what Python's and pydantic's bring along changes by version."""
    bases = [base for base in getattr(kind, "__mro__", ()) if not base.__module__.startswith("holdfast")]
    declared = public(kind) | {name for name in getattr(kind, "__annotations__", {}) if not name.startswith("_")}
    return declared - {name for base in bases for name in vars(base)}


def surface() -> str:
    """Return all that a user can name, a line each, in order."""
    lines = []
    for name in sorted({*holdfast.__all__} - ERRORS):
        thing = getattr(holdfast, name)
        lines.append(f"{name}{kind_of(thing)}")
        if isinstance(thing, type):
            lines += [f"    {line}" for line in members(thing)]
    return "\n".join(lines) + "\n"


def kind_of(thing: Any) -> str:
    """Return what stands behind a public name: a function's signature, an alias's values, nothing for a class."""
    if inspect.isfunction(thing):
        return signature(thing)
    return "" if isinstance(thing, type) else f" = {shown(thing)}"


def members(kind: type) -> list[str]:
    annotations = {field: f": {shown(text)}" for field, text in getattr(kind, "__annotations__", {}).items()}
    found = {name: annotations.get(name, "") for name in own(kind)}
    for name in found:
        member = inspect.getattr_static(kind, name, None)
        if isinstance(member, property):
            found[name] = f" -> {shown(member.fget.__annotations__.get('return'))}" if member.fget else ""
        elif inspect.isfunction(member):
            found[name] = signature(member)
    return [f"{name}{text}" for name, text in sorted(found.items())]


def signature(thing: Any) -> str:
    found = inspect.signature(thing)
    plain = [each.replace(annotation=each.annotation) for each in found.parameters.values()]
    text = re.sub(
        r"<(?:function|object)[^>]*>[^,)]*", "...", str(found.replace(parameters=plain)).replace("<lambda>", "")
    )
    return shown(re.sub(r"\*?<class ([^>]*)>", r"\1", text))


def shown(annotation: object) -> str:
    """Return an annotation as the source has it, without modules and quotes."""
    text = (
        annotation.__name__
        if isinstance(annotation, type) and not hasattr(annotation, "__origin__")
        else str(annotation)
    )
    return re.sub(r"\b(?:[a-z_]\w*\.)+", "", text).replace("'", "").replace('"', "")


def classes() -> dict[str, type[HoldfastError]]:
    found = vars(errors).values()
    return {each.__name__: each for each in found if isinstance(each, type) and issubclass(each, HoldfastError)}


def test_what_users_can_name_is_pinned() -> None:
    assert surface() == PINNED.read_text("utf-8"), "a name or signature changed: if it was meant, write the file anew"


def test_the_package_offers_what_it_lists() -> None:
    assert list(holdfast.__all__) == sorted(holdfast.__all__)
    assert all(hasattr(holdfast, name) for name in holdfast.__all__)
    assert {*holdfast.__all__} <= {*dir(holdfast)}
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = holdfast.Nothing  # type: ignore[attr-defined]


def test_what_a_public_signature_mentions_has_a_public_name() -> None:
    named = {*re.findall(r"\b[A-Z]\w+", re.sub(r"\[?Literal\[[^\]]*\]", "", PINNED.read_text("utf-8")))}
    assert named - {*holdfast.__all__} <= OF_PYTHON


def test_what_one_looks_at_in_a_shell_says_which_it_is(store: Store) -> None:
    assert repr(store) == f"<Store {store.address}>"
    assert repr(store.snapshot()) == "<Snapshot at commit 1>"
    assert repr(store.session("chat")) == "<Session chat>"


def test_what_is_public_says_what_it_does() -> None:
    for thing in (
        Store,
        Snapshot,
        Transaction,
        *(thing for name in OTHERS if isinstance(thing := getattr(holdfast, name), type)),
    ):
        members = [getattr(thing, name, None) for name in own(thing)]
        for each in (thing, *(member for member in members if inspect.isfunction(member))):
            text = inspect.getdoc(each) or ""
            assert re.match(r"[A-Z][^\n]*", text), f"{each!r} has no first line"


def test_the_tree_of_errors_is_drawn_as_it_is() -> None:
    drawn: dict[str, tuple[str, str]] = {}
    above = ["HoldfastError"]
    for line in (errors.__doc__ or "").splitlines():
        found = re.fullmatch(r"    ([│ ]*)[├└]── (\w+) +(\S.*)", line)
        if found:
            del above[1 + len(found[1]) // 4 :]
            drawn[found[2]] = above[-1], found[3]
            above.append(found[2])
    true = {name: kind.__mro__[1].__name__ for name, kind in classes().items() if kind is not HoldfastError}
    assert {name: parent for name, (parent, _) in drawn.items()} == true


def test_every_error_is_public_and_has_a_code_of_its_own_and_a_remedy() -> None:
    found = classes()
    assert {*found} == ERRORS
    assert len({kind.code for kind in found.values()}) == len(found)
    named = {name: re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower() for name in ERRORS - {"HoldfastError"}}
    assert {name: found[name].code for name in named} == named
    assert not [name for name, kind in found.items() if name not in WITHOUT_REMEDY and not kind.default_remedy]


def test_the_exit_status_tells_what_a_script_would_ask() -> None:
    status: dict[int, set[str]] = {}
    for name, kind in classes().items():
        status.setdefault(kind.exit_status, set()).add(name)
    assert status[2] == {"InvalidPath", "InvalidConfig"}
    assert status[3] == {"Conflict", "Locked", "LockLost", "MergeConflicted"}
    assert status[4] == {"BranchGone", "CommitTaken", "NotFound", "StoreNotFound"}
    assert set(status) == {1, 2, 3, 4}


if __name__ == "__main__":
    PINNED.write_text(surface(), "utf-8")
