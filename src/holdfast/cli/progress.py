"""The progress bar of an add, on a terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from holdfast.cli.output import Output, visible

if TYPE_CHECKING:
    from holdfast import Progress as AddProgress


@contextmanager
def bar(out: Output) -> "Iterator[Callable[[AddProgress], None] | None]":
    """Yield what draws how far an add is; None, and no import of Rich, where nobody looks."""
    if not (out.terminal and sys.stderr.isatty()):
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (
        SpinnerColumn(),
        TextColumn("{task.fields[files]}"),
        BarColumn(bar_width=24),
        DownloadColumn(binary_units=True),
        TransferSpeedColumn(),
        TimeRemainingColumn(compact=True),
        TextColumn("{task.description}", style="dim"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as drawn:
        task = drawn.add_task("starting", total=None, files="")

        def show(progress: "AddProgress") -> None:
            files = f"{progress.files:,}/{progress.files_found:,}{'' if progress.scanned else '+'}"
            name = visible(progress.current.rpartition("/")[2]).replace("[", "\\[")
            drawn.update(
                task, completed=progress.size, total=progress.size_found or None, files=files, description=name[:40]
            )

        yield show
