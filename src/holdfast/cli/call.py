"""One run of one command: the store it works on, and where its answer goes."""

import functools
import inspect
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import typer

import holdfast
from holdfast import NotFound, Snapshot, Store, paths
from holdfast.cli import interrupts
from holdfast.cli.options import ActorOption, BranchOption, JsonOption, StoreOption
from holdfast.cli.output import Output
from holdfast.cli.plain import PlainCommand, PlainGroup
from holdfast.upkeep.allocator import share_arenas

#: the branch that is worked on when none is named
UNLESS_TOLD = "main"


class PipeClosed(Exception):
    """Whoever read standard output has gone away."""


class Interrupted(Exception):
    """The user pressed Ctrl-C."""


class Call:
    """What a command is given: a store when it asks for one, and a way to answer."""

    def __init__(self, out: Output, store: str | None, branch: str | None, actor: str | None) -> None:
        self.out = out
        self._store_option = store
        self._branch_option = branch
        #: the branch that is worked on
        self.branch: str = branch_named(branch)
        self._actor = actor

    @property
    def json(self) -> bool:
        """Whether one JSON document is to be printed, and nothing else."""
        return self.out.json

    @property
    def store_option(self) -> str | None:
        """What `--store` says."""
        return self._store_option

    @functools.cached_property
    def folder(self) -> Path:
        """The store's folder; raises StoreNotFound."""
        return find_folder(self._store_option)

    @functools.cached_property
    def store(self) -> Store:
        """The store on the branch that is worked on; raises NotFound for the branch."""
        if self.branch == UNLESS_TOLD:
            return self.on_main
        try:
            return self.on_main.branch(self.branch)
        except NotFound as error:
            if self._branch_option:
                raise
            remedy = f"Unset it, or name another with --branch. {error.remedy}"
            raise NotFound(f"{error.message}, which HOLDFAST_BRANCH names", path=error.path, remedy=remedy) from error

    @functools.cached_property
    def store_or_main(self) -> Store:
        """The same for what is shown of a store as a whole: on main when HOLDFAST_BRANCH names what is not there."""
        try:
            return self.store
        except NotFound as error:
            if self._branch_option:
                raise
            self.out.note(f"{error.message}: this is main.")
            return self.on_main

    @functools.cached_property
    def on_main(self) -> Store:
        """The store on main, opened when first asked for; for reading only, when its folder allows no more."""
        actor = self._actor or os.environ.get("HOLDFAST_ACTOR")
        given: dict[str, Any] = {"actor": actor} if actor else {}
        # Here and not in the library, which has no say in how its caller uses memory. Lance's threads come and go, and
        # each would keep what a search or an indexing took for a moment.
        share_arenas()
        return holdfast.open(self.folder, read_only=None, **given)

    def at(self, commit: str | None) -> Snapshot:
        """Return the store as it is, or as it was at a commit."""
        return self.store.snapshot(commit)

    def done(self, document: dict[str, Any], lines: Iterable[str]) -> None:
        """Print the answer: the document with `--json`, else the lines, which are not made otherwise."""
        if self.json:
            self.out.document(document)
        else:
            self.out.lines(lines)

    def close(self) -> None:
        """Close the store if it was opened."""
        for name in ("store", "store_or_main"):
            self.__dict__.pop(name, None)
        opened = self.__dict__.pop("on_main", None)
        if opened is not None:
            opened.close()


def find_folder(option: str | None) -> Path:
    """Return the folder that `--store` names, else HOLDFAST_STORE, else the nearest store here or above."""
    named = option or os.environ.get("HOLDFAST_STORE")
    return Path(named) if named else holdfast.find()


def branch_named(option: str | None) -> str:
    """Return the branch that `--branch` names, else HOLDFAST_BRANCH, else main."""
    return paths.one_spelling(option or os.environ.get("HOLDFAST_BRANCH") or UNLESS_TOLD)


def group(help: str) -> typer.Typer:
    """Return an app for commands that go by their file's name, as in `holdfast locks list`."""
    return typer.Typer(cls=PlainGroup, help=help)


def command(app: typer.Typer, name: str | None = None, **settings: Any) -> Callable[[Callable[..., Any]], Any]:
    """Make a function that takes a `Call` first a command of `app`, with the options that every command has."""

    def register(function: Callable[..., int | None]) -> Callable[..., int | None]:
        app.command(name, **{"cls": PlainCommand, **settings})(_with_call(function))
        return function

    return register


def _with_call(function: Callable[..., int | None]) -> Callable[..., int | None]:
    @functools.wraps(function)
    def run(ctx: typer.Context, json: bool, **arguments: Any) -> int | None:
        outer: dict[str, Any] = ctx.find_root().params
        shared = {name: arguments.pop(name) or outer[name] for name in ("store", "branch", "actor")}
        call = Call(Output(json or outer["json"]), **shared)
        try:
            interrupts.listen()
            return function(call, **arguments)
        # Under other names, for Typer has answers of its own to these two.
        except BrokenPipeError as error:
            raise PipeClosed from error
        except KeyboardInterrupt as error:
            raise Interrupted from error
        finally:
            call.close()

    # Typer reads the options off the signature: the function's own without its Call, then those of every command.
    own = list(inspect.signature(function).parameters.values())[1:]
    keyword = inspect.Parameter.KEYWORD_ONLY
    shared = [
        inspect.Parameter("ctx", keyword, annotation=typer.Context),
        inspect.Parameter("json", keyword, annotation=JsonOption, default=False),
        inspect.Parameter("store", keyword, annotation=StoreOption, default=None),
        inspect.Parameter("branch", keyword, annotation=BranchOption, default=None),
        inspect.Parameter("actor", keyword, annotation=ActorOption, default=None),
    ]
    signature = inspect.Signature([p.replace(kind=keyword) for p in own] + shared)
    run.__signature__ = signature  # type: ignore[attr-defined]
    run.__annotations__ = {name: p.annotation for name, p in signature.parameters.items()}
    del run.__wrapped__
    return run
