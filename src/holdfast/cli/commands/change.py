"""Changing the tree: write, edit, mkdir, cp, mv, rm. Each is one commit, or none."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from holdfast import Commit, IfMatch, Transaction
from holdfast import paths as store_paths
from holdfast.cli.call import Call, command
from holdfast.cli.completion import complete_path
from holdfast.cli.history.merging import merge
from holdfast.cli.options import IfMatchOption, MessageOption, PathArgument, PathsArgument, known, store_path
from holdfast.cli.output import count
from holdfast.cli.places import targets

app: typer.Typer = typer.Typer()

#: times that a change which lost a race is made again
RETRIES = 5

SourcesArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="SOURCE TARGET", autocompletion=complete_path, help="Paths in the store; the last is where to."
    ),
]
ForceOption = Annotated[bool, typer.Option("-f", "--force", help="Replace a file that stands at the target.")]


@dataclass(frozen=True)
class _Transfer:
    operation: Callable[..., None]
    verb: str
    done: str


_COPY = _Transfer(Transaction.copy, "Copy", "copied")
_MOVE = _Transfer(Transaction.move, "Move", "moved")


@command(app)
def write(
    call: Call,
    path: PathArgument,
    text: Annotated[str | None, typer.Option("--text", metavar="TEXT", help="What to write.")] = None,
    file: Annotated[str | None, typer.Option("--file", metavar="FILE", help="The file to take it from.")] = None,
    if_match: IfMatchOption = None,
    message: MessageOption = "",
) -> None:
    """Write a file from --text, --file or standard input.

    It is searchable at once. Missing directories are made, and a file that stands there is replaced.
    """
    if text is not None and file is not None:
        raise typer.BadParameter("give --text or --file, not both")
    path, before = _file_path(path), call.store.commit_at().id
    if text is not None:
        commit = call.store.write(path, text, if_match=known(if_match), message=message)
    elif file is not None:
        commit = call.store.write(path, Path(file), if_match=known(if_match), message=message)
    else:
        commit = _write_input(call, path, known(if_match), message)
    info = call.at(str(commit.id)).stat(path)
    document = {"path": info.path, "size": info.size, "content": info.content_id, "commit": commit.id}
    call.done(document, [_Change(commit, before).told(f"wrote {info.path}")])


@command(app)
def edit(
    call: Call,
    path: PathArgument,
    old: Annotated[str, typer.Argument(metavar="OLD", help="The text to replace, exactly as it stands there.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="What comes in its place.")],
    every: Annotated[bool, typer.Option("--all", help="Wherever it is; else it must be there once.")] = False,
    if_match: IfMatchOption = None,
    message: MessageOption = "",
) -> None:
    """Replace a piece of a file's text.

    OLD must be in the file exactly once, unless --all is given. What is edited is the text as it was written, not its
    Markdown. Nobody's change is lost.
    """
    path, before = _file_path(path), call.store.commit_at().id
    commit = call.store.edit(path, old, new, all=every, if_match=known(if_match), message=message)
    info = call.at(str(commit.id)).stat(path)
    document = {"path": info.path, "size": info.size, "content": info.content_id, "commit": commit.id}
    call.done(document, [_Change(commit, before).told(f"edited {info.path}")])


@command(app)
def mkdir(
    call: Call,
    paths: PathsArgument,
    parents: Annotated[
        bool, typer.Option("-p", "--parents", help="Make missing parents too; let it stand already.")
    ] = False,
    message: MessageOption = "",
) -> None:
    """Make directories."""
    made = [store_paths.parse(store_path(path)) for path in paths]

    def make(tx: Transaction) -> None:
        for path in made:
            tx.mkdir(path, parents=parents, exist_ok=parents)

    change = _change(call, make, message or f"Make {_listed(made)}")
    call.done({"paths": made, "commit": change.commit.id}, [change.told(f"made {path}") for path in made])


@command(app)
def cp(
    call: Call,
    paths: SourcesArgument,
    force: ForceOption = False,
    recursive: Annotated[bool, typer.Option("-r", "-R", hidden=True)] = True,
    message: MessageOption = "",
) -> None:
    """Copy files or directories.

    They go to TARGET, or into it when it is a directory, with all they hold. A copy shares its contents with the
    original and costs no space.
    """
    _transfer(call, paths, _COPY, force, message)


@command(app)
def mv(call: Call, paths: SourcesArgument, force: ForceOption = False, message: MessageOption = "") -> None:
    """Move or rename files or directories.

    They go to TARGET, or into it when it is a directory.
    """
    _transfer(call, paths, _MOVE, force, message)


@command(app)
def rm(
    call: Call,
    paths: PathsArgument,
    recursive: Annotated[
        bool, typer.Option("-r", "-R", "--recursive", help="Remove directories with all they hold.")
    ] = False,
    force: Annotated[bool, typer.Option("-f", "--force", help="Pass over what is not there.")] = False,
    message: MessageOption = "",
) -> None:
    """Remove files or directories.

    All of them go in one commit, or none. History keeps them: `holdfast restore PATH --at COMMIT` brings one back.
    """
    wanted = list(dict.fromkeys(store_paths.parse(store_path(path)) for path in paths))
    removed: list[str] = []

    def remove(tx: Transaction) -> None:
        removed[:] = [path for path in wanted if not force or tx.exists(path)]
        for path in removed:
            tx.remove(path, recursive=recursive)

    change = _change(call, remove, message or f"Remove {_listed(wanted)}")
    call.done({"removed": removed, "commit": change.commit.id}, [change.told(f"removed {path}") for path in removed])


def _write_input(call: Call, path: str, if_match: IfMatch | None, message: str) -> Commit:
    if sys.stdin.isatty():
        call.out.note("Type the text; end it with Ctrl-D on a line of its own.")
    return call.store.write(path, sys.stdin.buffer, if_match=if_match, message=message)


def _transfer(call: Call, paths: list[str], transfer: _Transfer, force: bool, message: str) -> None:
    if len(paths) < 2:
        raise typer.BadParameter("name what to take and where to put it: SOURCE... TARGET")
    pairs: list[tuple[str, str]] = []

    def act(tx: Transaction) -> None:
        pairs[:] = targets(tx, paths[:-1], paths[-1])
        for source, target in pairs:
            transfer.operation(tx, source, target, overwrite=force)

    sources = [store_path(path) for path in paths[:-1]]
    change = _change(call, act, message or f"{transfer.verb} {_listed(sources)} to {store_path(paths[-1])}")
    document = {transfer.done: [{"from": source, "to": target} for source, target in pairs], "commit": change.commit.id}
    call.done(document, [change.told(f"{transfer.done} {source} to {target}") for source, target in pairs])


@dataclass(frozen=True)
class _Change:
    """What a command changed."""

    #: the one that was made, or the one that shows already what was asked for
    commit: Commit
    #: the head before
    base: int

    def told(self, what: str) -> str:
        """Return `what` with the commit that it is in."""
        return f"{what} ({f'commit {self.commit.id}' if self.commit.id > self.base else 'nothing changed'})"


def _change(call: Call, action: Callable[[Transaction], None], message: str) -> _Change:
    """Do several things as one commit, again when somebody else was quicker."""

    def act(tx: Transaction) -> Transaction:
        action(tx)
        return tx

    tx = call.store.transaction(message=message, retries=RETRIES)(act)
    assert tx.published is not None
    return _Change(tx.published, tx.base)


def _file_path(path: str) -> str:
    path = store_path(path)
    if path.endswith("/"):
        raise typer.BadParameter(f"{path} names a directory; leave out the last slash")
    return path


def _listed(paths: list[str]) -> str:
    return ", ".join(paths) if len(paths) <= 3 else f"{paths[0]} and {count(len(paths) - 1, 'other')}"


command(app)(merge)
