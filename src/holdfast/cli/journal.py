"""What is being staged, by whom, and what became of it: journal."""

from collections.abc import Iterator
from time import time
from typing import Annotated

import typer

from holdfast.catalog.intents import SET_ASIDE, Intent
from holdfast.cli import shapes
from holdfast.cli.call import Call, command
from holdfast.cli.output import Output
from holdfast.process import Identity

app = typer.Typer()

#: intents that `--all` shows
NEWEST = 1000


@command(app)
def journal(
    call: Call,
    everything: Annotated[bool, typer.Option("--all", help=f"The newest {NEWEST}, those that ended well too.")] = False,
) -> None:
    """Show the work in flight.

    That is what live writers are staging, what dead ones left for the next sweep, and what no sweep could remove.
    """
    found = call.store.journal(ended=NEWEST if everything else 0)
    call.done({"intents": [shapes.intent(intent) for intent in found]}, _told(call.out, found))
    if not found and not call.json:
        call.out.note("Nothing is in flight.")


def _told(out: Output, found: list[Intent]) -> Iterator[str]:
    now = time()
    for intent in found:
        state = out.paint(f"{intent.state:<9}", "red" if intent.state == SET_ASIDE else "bold")
        when = out.paint(f"{out.time(intent.started, now):<15}", "dim")
        yield f"{intent.intent_id[:12]}  {state}  {when}  {intent.kind}  by {intent.actor}, {_owner(intent)}"
        if intent.error:
            yield f"    {intent.error} (tried {intent.attempts} times)"


def _owner(intent: Intent) -> str:
    try:
        return str(Identity.from_json(intent.owner))
    except ValueError:
        return "an owner nobody can read"
