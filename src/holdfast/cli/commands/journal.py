"""What is being staged, by whom, and what became of it: journal."""

from collections.abc import Iterator
from time import time
from typing import TYPE_CHECKING, Annotated

import typer

from holdfast.cli import shapes
from holdfast.cli.call import Call, command
from holdfast.cli.output import Output, visible

if TYPE_CHECKING:
    from holdfast import IntentInfo

app: typer.Typer = typer.Typer()

#: intents that `--all` shows
NEWEST = 1000

_ALIVE = {True: "at work", False: "dead: the next sweep removes it", None: ""}


@command(app)
def journal(
    call: Call,
    everything: Annotated[bool, typer.Option("--all", help=f"The newest {NEWEST}, those that ended well too.")] = False,
) -> None:
    """Show the work in flight.

    That is what live writers are staging, what dead ones left for the next sweep, and what no sweep could remove.
    """
    found = call.store.maintenance.intents(newest=NEWEST if everything else 0)
    call.done({"intents": [shapes.intent(entry) for entry in found]}, _told(call.out, found))
    if not found and not call.json:
        call.out.note("Nothing is in flight.")


def _told(out: Output, found: "list[IntentInfo]") -> Iterator[str]:
    now = time()
    for entry in found:
        state = out.paint(f"{entry.state:<9}", "red" if entry.state == "set_aside" else "bold")
        when = out.paint(f"{out.time(entry.started, now):<15}", "dim")
        owner = ", ".join(filter(None, [entry.owner, _ALIVE[entry.owner_alive]]))
        yield f"{entry.id[:12]}  {state}  {when}  {entry.kind} by {visible(entry.actor)} ({owner})"
        if entry.error:
            yield f"    {visible(entry.error)} (tried {entry.attempts} times)"
