"""The options that commands share."""

from typing import Annotated

import typer

from holdfast.cli.completion import complete_branch, complete_path

AtOption = Annotated[
    str | None, typer.Option("--at", metavar="COMMIT", help="As of this commit: a number, HEAD~2, a time, a tag.")
]
PathArgument = Annotated[
    str,
    typer.Argument(metavar="PATH", autocompletion=complete_path, help="A path in the store; notes/a is /notes/a."),
]
PathsArgument = Annotated[
    list[str],
    typer.Argument(metavar="PATH", autocompletion=complete_path, help="Paths in the store; notes/a is /notes/a."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store", metavar="DIR", help="The store's folder, else HOLDFAST_STORE, else the nearest one upward."
    ),
]
BranchOption = Annotated[
    str | None,
    typer.Option(
        "--branch",
        metavar="NAME",
        autocompletion=complete_branch,
        help="The branch to work on, else HOLDFAST_BRANCH, else main.",
    ),
]
ActorOption = Annotated[
    str | None, typer.Option("--actor", metavar="NAME", help="Who changes are attributed to, else HOLDFAST_ACTOR.")
]
MessageOption = Annotated[
    str, typer.Option("-m", "--message", metavar="TEXT", help="What the commit says it does.", show_default=False)
]

IfMatchOption = Annotated[
    str | None,
    typer.Option(
        "--if-match", metavar="KNOWN", help="Only if it still holds this content, or has not changed since this commit."
    ),
]

LimitOption = Annotated[int | None, typer.Option("-n", "--limit", metavar="N", min=0, help="At most so many.")]
AfterOption = Annotated[
    str | None,
    typer.Option("--after", metavar="PATH", autocompletion=complete_path, help="Only what comes after this path."),
]


def known(if_match: str | None) -> int | str | None:
    """Return what `--if-match` names: the number of a commit, or the id of a content."""
    return int(if_match) if if_match is not None and if_match.isdecimal() and len(if_match) < 19 else if_match


def store_path(path: str) -> str:
    """Return a path typed by a person as one from the root: `notes/a`, `./notes/a` and `/notes/a` are the same."""
    if path.startswith("/"):
        return path
    while path.startswith("./"):
        path = path[2:]
    return "/" if path in ("", ".") else f"/{path}"
