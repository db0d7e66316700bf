"""Beginning: init and config."""

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

import holdfast
from holdfast.cli.call import Call, command
from holdfast.errors import NotFound

app: typer.Typer = typer.Typer()


@command(app)
def init(
    call: Call,
    folder: Annotated[
        str | None, typer.Argument(metavar="DIR", help="Made if it is missing; else the folder you are in.")
    ] = None,
    adopt: Annotated[bool, typer.Option("--adopt", help="Give default settings to a store that lost its own.")] = False,
    shared: Annotated[
        bool, typer.Option("--shared", help="Leave it to the umask who may enter, instead of you alone.")
    ] = False,
    embedder: Annotated[
        str | None,
        typer.Option(
            "--embedder",
            metavar="ADDRESS",
            help="What makes vectors: a folder of model2vec or of an ONNX encoder, or openai:MODEL@URL.",
        ),
    ] = None,
    catalog: Annotated[
        str | None,
        typer.Option(
            "--catalog",
            metavar="ADDRESS",
            help="Keep the catalog in an empty PostgreSQL database, postgresql://USER@HOST/NAME; all else is in DIR.",
        ),
    ] = None,
) -> None:
    """Make a new store.

    The address of a catalog is kept without its password, which later commands take from PGPASSWORD.
    """
    given = Path(folder or call.store_option or ".")
    where, data = (given, None) if catalog is None else (catalog, given)
    with holdfast.create(where, data=data, adopt=adopt, shared=shared, embedder=embedder) as store:
        made = Path(store.address).resolve()
        # A store that was there had more done to it than being made.
        adopted = adopt and store.commit_at().parent is not None
    call.done({"store": str(made), "adopted": adopted}, _begun(made, given, adopted))


def _begun(made: Path, given: Path, adopted: bool) -> Iterator[str]:
    if adopted:
        yield f"Gave the store in {made} default settings; what it holds is as it was"
    else:
        yield f"Made a store in {made}"
    first = "holdfast verify" if adopted else "holdfast add FOLDER"
    yield f"Next: {first}" if made == Path.cwd() else f"Next: cd {shlex.quote(str(given))} && {first}"


@command(app)
def config(
    call: Call,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Only this one, such as search.fold_rows.")] = None,
) -> None:
    """Show the settings. Edit holdfast.toml to change them."""
    file = call.folder.resolve() / "holdfast.toml"
    both = call.on_main.settings, holdfast.Settings.model_construct()
    settings, default = (dict(_flat(each.model_dump())) for each in both)
    if name is not None and name not in settings:
        raise NotFound(f"There is no setting {name!r}", path=name, remedy=f"There are: {', '.join(settings)}")
    chosen = {key: value for key, value in settings.items() if name in (None, key)}
    changed = {key for key in chosen if chosen[key] != default.get(key)}
    document = {"file": str(file), "settings": chosen, "changed": sorted(changed)}
    if name is not None:
        call.done(document, [_written(settings[name])])
    else:
        call.done(document, _told(call, str(file), chosen, changed))


def _flat(sections: dict[str, dict[str, Any]]) -> Iterator[tuple[str, Any]]:
    for section, values in sections.items():
        for name, value in values.items():
            yield f"{section}.{name}", value


def _written(value: Any) -> str:
    """Return a value as `holdfast.toml` has it; one that is not set is `none`."""
    match value:
        case None:
            return "none"
        case bool():
            return str(value).lower()
        case float():
            return f"{value:g}"
        case dict():
            return "{" + ", ".join(f"{key} = {json.dumps(each)}" for key, each in value.items()) + "}"
    return str(value)


def _told(call: Call, file: str, settings: dict[str, Any], changed: set[str]) -> Iterator[str]:
    width = max(map(len, settings))
    yield call.out.paint(f"# {file}", "dim")
    for key, value in settings.items():
        mark = "  (changed)" if key in changed else ""
        yield f"{key:<{width}} = {_written(value)}{call.out.paint(mark, 'yellow')}"
