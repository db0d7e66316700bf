"""Writes docs/reference.md from the docstrings of the public API: `python -m tools.reference_page`.

Which members a class has is asked of the walk that pins them (`tests/test_public_surface.py`), so the page has all of
what a user may rely on and nothing else.
"""

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from types import FunctionType
from typing import Any, get_args

import holdfast
from tests.test_public_surface import ERRORS, members
from tests.test_public_surface import shown as without_quotes

PAGE = Path(__file__).parent.parent / "docs/reference.md"
#: what stands first under each heading; what no heading names is a record
SECTIONS = {
    "Making and opening a store": ("create", "open", "open_async"),
    "The store": ("Store", "AsyncStore"),
    "Snapshots and transactions": ("Snapshot", "Transaction", "TransactionJobs", "TransactionScope"),
    "Locks": ("Locks", "Lock"),
    "Sessions and memories": ("Sessions", "Session", "Memories"),
    "Jobs": ("Jobs", "JobKind", "JobQueue", "Worker", "JobContext", "Backoff", "Skipped", "Failed", "Stopped"),
    "Summaries": ("Summaries",),
    "Types of a graph": (
        "Node",
        "Edge",
        "Cardinality",
        "Key",
        "Unique",
        "Index",
        "Range",
        "MaxLength",
        "Pattern",
        "Vector",
        "Embed",
        "FullText",
        "File",
        "RenamedFrom",
    ),
    "Maintenance": ("Maintenance",),
}
RECORDS = "What comes back"
HEAD = """# Reference

All that `import holdfast` offers, from its docstrings. [The guide](guide.md) shows how it is used,
[guarantees.md](guarantees.md) says what may be relied upon.

Written by `python -m tools.reference_page`; a test fails when it is not current.
"""
_LINE = 120


def page() -> str:
    """Return the page: a section per subject, then the records, then the errors."""
    named = {name for names in SECTIONS.values() for name in names}
    rest = [name for name in holdfast.__all__ if name not in named | ERRORS]
    sections = {**SECTIONS, RECORDS: tuple(rest)}
    parts = [HEAD, *_contents((*sections, "Errors"))]
    for heading, names in sections.items():
        parts += [f"\n## {heading}\n", *(text for name in names if hasattr(holdfast, name) for text in _thing(name))]
    return "\n".join((*parts, "\n## Errors\n", *_errors())) + "\n"


def _contents(headings: tuple[str, ...]) -> Iterator[str]:
    return (f"- [{heading}](#{heading.lower().replace(' ', '-')})" for heading in headings)


def _thing(name: str) -> Iterator[str]:
    thing = getattr(holdfast, name)
    yield f"### {name}\n"
    if isinstance(thing, type):
        yield from (f"{_doc(thing)}\n", *_class(name, thing))
    elif inspect.isfunction(thing):
        yield from (_code(_call(f"holdfast.{name}", thing)), f"{_doc(thing)}\n")
    else:
        values = ", ".join(
            f'`"{value}"`' if isinstance(value, str) else f"`{shown(value)}`" for value in get_args(thing)
        )
        yield f"One of {values}.\n"


def _class(name: str, kind: type) -> Iterator[str]:
    said = _comments(kind)
    names = [re.split(r"\W", member, maxsplit=1)[0] for member in members(kind)]
    own = [each for each in names if not hasattr(BaseException, each) or not issubclass(kind, BaseException)]
    fields = [each for each in said if each in own]
    values = fields + [each for each in own if each not in fields and not _is_called(kind, each)]
    yield from (_value(kind, each, said.get(each, "")) for each in values)
    if values:
        yield ""
    for each in own:
        if each not in values:
            yield f"#### {name}.{each}\n"
            yield from (_code(_call(each, getattr(kind, each))), f"{_doc(getattr(kind, each))}\n")


def _is_called(kind: type, name: str) -> bool:
    return isinstance(inspect.getattr_static(kind, name, None), FunctionType | classmethod | staticmethod)


def _value(kind: type, name: str, comment: str) -> str:
    found = inspect.getattr_static(kind, name, None)
    if isinstance(found, property | cached_property):
        getter = found.func if isinstance(found, cached_property) else found.fget
        annotation, comment = inspect.signature(getter or _doc).return_annotation, _doc(found)
    else:
        annotation = next(
            (vars(each)["__annotations__"][name] for each in kind.__mro__ if name in _annotated(each)), ""
        )
    return f"- `{name}: {shown(annotation)}`" + (f" – {_one_line(comment)}" if comment else "")


def _annotated(kind: type) -> dict[str, Any]:
    return dict(vars(kind).get("__annotations__", {}))


def _comments(kind: type) -> dict[str, str]:
    """Return the fields of a class in order, each with the comment above it."""
    found: dict[str, str] = {}
    for each in reversed(kind.__mro__):
        if not each.__module__.startswith("holdfast"):
            continue
        lines = textwrap.dedent(inspect.getsource(each)).splitlines()
        (tree,) = ast.parse("\n".join(lines)).body
        assert isinstance(tree, ast.ClassDef)
        for node in tree.body:
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id[0] != "_":
                found[node.target.id] = _above(lines, node.lineno - 1)
    return found


def _above(lines: list[str], at: int) -> str:
    comment: list[str] = []
    while at and (line := lines[at - 1].strip()).startswith("#:"):
        comment.insert(0, line[2:].strip())
        at -= 1
    return " ".join(comment)


def _errors() -> Iterator[str]:
    yield from (f"{textwrap.dedent(holdfast.errors.__doc__ or '').strip()}\n",)
    for name in sorted(ERRORS):
        kind = getattr(holdfast, name)
        yield f"- **{name}** (`{kind.code}`, exit status {kind.exit_status}): {_one_line(_doc(kind))}"


def _doc(thing: Any) -> str:
    return inspect.getdoc(thing) or ""


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _code(text: str) -> str:
    return f"```pyi\n{text}\n```\n"


def _call(name: str, function: Any) -> str:
    """Return how a function is called, on lines that fit."""
    found = inspect.signature(function)
    parameters = [each for each in found.parameters.values() if each.name not in ("self", "cls")]
    said, kinds = [], inspect.Parameter
    for place, each in enumerate(parameters):
        before = parameters[:place]
        if each.kind is kinds.KEYWORD_ONLY and not any(
            old.kind in (kinds.KEYWORD_ONLY, kinds.VAR_POSITIONAL) for old in before
        ):
            said.append("*")
        said.append(_parameter(each))
    result = f" -> {shown(found.return_annotation)}"
    line = f"{name}({', '.join(said)}){result}"
    if len(line) <= _LINE:
        return line
    return f"{name}(\n" + "".join(f"    {each},\n" for each in said) + f"){result}"


def shown(annotation: object) -> str:
    """Return an annotation as the source has it, without modules."""
    text = re.sub(r"\*?<class (\w+)>", r"Unpack[\1]", without_quotes(annotation))
    return re.sub(r"(?<=Literal\[)[^\]]*", lambda found: re.sub(r"\w+", r'"\g<0>"', found[0]), text)


def _parameter(parameter: inspect.Parameter) -> str:
    stars = "*" * (parameter.kind is parameter.VAR_POSITIONAL) or "**" * (parameter.kind is parameter.VAR_KEYWORD)
    text = f"{stars}{parameter.name}: {shown(parameter.annotation)}"
    default = parameter.default
    if default is inspect.Parameter.empty:
        return text
    plain = default is None or isinstance(default, bool | int | float | str | tuple)
    value = f'"{default}"' if isinstance(default, str) else repr(default)
    return f"{text} = {value}" if plain else f"{text} = ..."


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
