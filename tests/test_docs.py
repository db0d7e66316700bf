"""The documentation is run, every snippet of it, with the real command line; and what it names is there."""

import configparser
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import typer

from holdfast import errors
from holdfast.catalog.schema import metadata
from holdfast.cli import registry
from holdfast.config import Settings
from holdfast.faults import POINTS
from tests.support.snippets import RUN, Session, snippets

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]

#: more than this many snippets of a page that do not run, and the page is no longer proven
EXCUSES = 3


@pytest.mark.parametrize("name", NAMES)
def test_every_snippet_does_what_the_page_says(name: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns("__pycache__"))
    session = Session(name, tmp_path)
    for snippet in snippets((ROOT / name).read_text("utf-8")):
        if snippet.language in RUN and not snippet.excused:
            session.run(snippet)


@pytest.mark.parametrize("name", NAMES)
def test_few_snippets_are_excused_from_running(name: str) -> None:
    page = list(snippets((ROOT / name).read_text("utf-8")))
    assert sum(snippet.excused for snippet in page) <= EXCUSES
    assert not [snippet.line for snippet in page if snippet.language in ("", "sh", "shell", "py", "pycon")], (
        f"a block without a language that says whether it runs: {', '.join(RUN)}, text, toml, json..."
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_file_a_page_names_is_there(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    linked = [target for target in re.findall(r"\]\(([^)#\s]+)", text) if "://" not in target]
    named = re.findall(r"`((?:src|tests|docs|bench|examples)/[\w./-]+)`", text)
    missing = [target for target in linked if not ((ROOT / name).parent / target).exists()]
    missing += [target for target in named if not (ROOT / target).exists()]
    assert not missing


COMMANDS = {command for group in registry.FLAT.values() for command in group} | {*registry.NESTED}


def test_the_readme_names_every_command() -> None:
    assert not {name for name in COMMANDS if f"`holdfast {name}`" not in (ROOT / "README.md").read_text("utf-8")}


@pytest.mark.parametrize("name", NAMES)
def test_every_command_a_page_names_exists(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    named = re.findall(r"`holdfast ([a-z]+)", text) + re.findall(r"^(?:\$ )?holdfast ([a-z]+)", text, re.MULTILINE)
    assert {*named} <= COMMANDS


@pytest.mark.parametrize("name", ["docs/guide.md", "docs/cli-json.md"])
def test_every_command_that_lists_in_parts_is_named(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    in_parts = {command for command in registry.every_command() if "--after" in options_of(command)}
    assert {"ls", "diff", "session show"} <= in_parts
    said = text[text.index("in parts") :].partition("`changes`")[0]
    assert in_parts == {*re.findall(r"`([a-z ]+)`", said)} & {*registry.every_command()}


def options_of(command: str) -> set[str]:
    root = typer.Typer(cls=registry.LazyGroup)
    root.callback()(lambda: None)
    found: Any = typer.main.get_command(root)
    for part in command.split():
        found = found.get_command(None, part)
    return {option for parameter in found.params for option in parameter.opts}


def test_every_error_code_is_in_the_guide() -> None:
    guide = (ROOT / "docs/guide.md").read_text("utf-8")
    kinds = [
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.HoldfastError)
    ]
    codes = {kind.code for kind in kinds}
    assert not {code for code in codes if f"`{code}`" not in guide}


def test_every_fault_point_a_page_names_exists() -> None:
    for page in PAGES:
        named = re.findall(r"`([a-z]+\.(?:before|after)_[a-z_]+)`", page.read_text("utf-8"))
        assert {*named} <= {*POINTS}


def test_every_room_is_on_the_map() -> None:
    page = (ROOT / "docs/architecture.md").read_text("utf-8")
    rooms = {each.name + "/" * each.is_dir() for each in (ROOT / "src/holdfast").iterdir() if each.name[0] != "."}
    assert not {room for room in rooms - {"__pycache__/", "py.typed"} if f"`{room}`" not in page}


def test_every_table_of_the_catalog_is_explained() -> None:
    page = (ROOT / "docs/architecture.md").read_text("utf-8")
    assert not {name for name in metadata.tables if f"**{name}**" not in page and f"`{name}`" not in page}


def test_every_setting_is_in_the_guide() -> None:
    guide = (ROOT / "docs/guide.md").read_text("utf-8")
    sections = Settings().model_dump()
    names = [f"{section}.{name}" for section, values in sections.items() for name in values]
    assert not [name for name in names if f"`{name}`" not in guide]


def test_the_rooms_are_listed_in_the_order_in_which_imports_point() -> None:
    contract = configparser.ConfigParser()
    contract.read(ROOT / ".importlinter", "utf-8")
    layers = contract["importlinter:contract:rooms"]["layers"].strip().splitlines()
    depth = {room.strip(): number for number, layer in enumerate(layers) for room in layer.split(":")}
    page = (ROOT / "docs/architecture.md").read_text("utf-8")
    rows = re.findall(r"^\| (`[^|]*`) \|", page[page.index("## The rooms") :], re.MULTILINE)
    listed = [depth[room] for row in rows for room in re.findall(r"`(\w+)(?:/|\.py)`", row) if room != "__init__"]
    assert listed == sorted(listed)
    assert len(listed) == len(depth)
