"""Properties of files and directories: get, set."""

import json
from typing import Annotated, Any

import typer

from holdfast import Unsupported
from holdfast.cli.call import Call, command, group
from holdfast.cli.filters import plain_json, value_of
from holdfast.cli.options import AtOption, IfMatchOption, MessageOption, PathArgument, known, store_path
from holdfast.cli.output import visible

app: typer.Typer = group("Properties: a JSON object on any file or directory.")


@command(app)
def get(call: Call, path: PathArgument, at: AtOption = None) -> None:
    """Show the properties of a file or directory."""
    path = store_path(path)
    found = call.at(at).properties.get(path)
    lines = (f"{visible(key)}={visible(json.dumps(value, ensure_ascii=False))}" for key, value in found.items())
    call.done({"path": path, "properties": found}, lines)
    if not found and not call.json:
        call.out.note(f"{path} has no properties")


@command(app, "set")
def set_(
    call: Call,
    path: PathArgument,
    values: Annotated[
        list[str], typer.Argument(metavar="KEY=VALUE", help="VALUE is JSON, or else text: 4, true, '[\"a\"]', diary.")
    ] = [],  # noqa: B006 - Typer wants a list
    object: Annotated[
        str | None, typer.Option("--object", metavar="JSON", help="Several as one JSON object, such as '{\"a\": 1}'.")
    ] = None,
    remove: Annotated[
        list[str], typer.Option("--remove", metavar="KEY", help="Take one away; repeat it.", show_default=False)
    ] = [],  # noqa: B006
    replace: Annotated[bool, typer.Option("--replace", help="Take away all that are not given.")] = False,
    if_match: IfMatchOption = None,
    message: MessageOption = "",
) -> None:
    """Give a file or directory properties, beside those that it has.

    They are versioned with it: moves, copies, restores, branches and merges carry them.
    """
    if not (values or object or remove or replace):
        raise typer.BadParameter("say what to set (KEY=VALUE, --object), or what to take away (--remove, --replace)")
    given = {**_object(object), **dict(_pair(value) for value in values)}
    path, before = store_path(path), call.store.commit_at().id
    conduct: dict[str, Any] = {"if_match": known(if_match), "message": message}
    if replace:
        kept = {key: value for key, value in given.items() if key not in remove}
        commit = call.store.properties.set(path, kept, **conduct)
    else:
        commit = call.store.properties.update(path, given, remove=remove, **conduct)
    done = f"commit {commit.id}" if commit.id > before else "nothing changed"
    found = call.at(str(commit.id)).properties.get(path)
    call.done({"path": path, "properties": found, "commit": commit.id}, [f"set properties of {path} ({done})"])


def _pair(typed: str) -> tuple[str, Any]:
    key, equals, value = typed.partition("=")
    if not equals:
        raise typer.BadParameter(f"{typed} is not KEY=VALUE")
    return key, value_of(value)


def _object(typed: str | None) -> dict[str, Any]:
    if typed is None:
        return {}
    try:
        given = plain_json(typed)
    except ValueError as error:
        remedy = 'Write it as {"rating": 4, "tags": ["diary"]}, in quotes for the shell'
        raise Unsupported(f"--object is not JSON: {error}", remedy=remedy) from error
    if not isinstance(given, dict):
        raise Unsupported("--object is JSON, but no object", remedy="Write it in braces, with a key for each value")
    return given
