"""What something is about: abstract, overview."""

from typing import Annotated

import typer

from holdfast import Summary
from holdfast.cli import work_shapes as shapes
from holdfast.cli.call import Call, command
from holdfast.cli.options import PathArgument, store_path

app: typer.Typer = typer.Typer()

StoredOption = Annotated[
    bool, typer.Option("--stored", help="Only what was made before, with the commit it describes; make nothing.")
]


@command(app)
def abstract(call: Call, path: PathArgument, stored: StoredOption = False) -> None:
    """Say in a sentence what a document or directory is about."""
    _tell(call, call.store.summaries.abstract(store_path(path), derive=not stored))


@command(app)
def overview(call: Call, path: PathArgument, stored: StoredOption = False) -> None:
    """Say on about a page what a document or directory is about."""
    _tell(call, call.store.summaries.overview(store_path(path), derive=not stored))


def _tell(call: Call, digest: Summary) -> None:
    call.done(shapes.digest(digest), [digest.text])
    if not digest.fresh and not call.json:
        call.out.note(f"This describes commit {digest.commit}; what stands there has changed since.")
