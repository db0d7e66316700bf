"""Keeping a store quick: optimize."""

from collections.abc import Iterator
from dataclasses import asdict

import typer

from holdfast.cli.call import Call, command
from holdfast.cli.output import count
from holdfast.upkeep.upkeep import OptimizeReport

app = typer.Typer()


@command(app)
def optimize(call: Call) -> None:
    """Fold, index and compact the search rows now.

    A store does so by itself in time. What a search finds is the same before and after.
    """
    report = call.store.optimize()
    call.done(asdict(report), _told(report))


def _told(report: OptimizeReport) -> Iterator[str]:
    yield f"{count(report.folded, 'row')} folded, {count(report.retired, 'content')} put into history"
    yield from report.steps
