"""`holdfast graph schema`: the types that there are, and what a file would make of them."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from holdfast import SchemaPlan, SchemaStep
from holdfast.cli.call import Call, command
from holdfast.cli.commands.graph import app
from holdfast.cli.options import AtOption, MessageOption
from holdfast.cli.output import visible

ActionArgument = Annotated[
    Literal["show", "plan", "apply"], typer.Argument(metavar="show|plan|apply", help="What to do.")
]
FileArgument = Annotated[
    Path | None, typer.Argument(metavar="FILE", help="A YAML file that declares the types.", show_default=False)
]
LossOption = Annotated[
    bool, typer.Option("--allow-data-loss", help="Take the values of what is dropped away for good.")
]


@command(app)
def schema(
    call: Call,
    action: ActionArgument = "show",
    file: FileArgument = None,
    allow_data_loss: LossOption = False,
    at: AtOption = None,
    message: MessageOption = "",
) -> None:
    """Show the types, or plan or apply those of a file.

    They are shown as the YAML file that declares them.
    """
    if action == "show":
        text = call.at(at).graph.schema().to_yaml()
        call.done({"schema": text}, text.splitlines())
        return
    if file is None:
        raise typer.BadParameter(f"{action} needs the FILE that declares the types")
    plan = call.store.graph.plan(file, allow_data_loss=allow_data_loss)
    before, after = call.store.commit_at().id, None
    if action == "apply":
        after = call.store.graph.apply(file, allow_data_loss=allow_data_loss, message=message).id
    commit = after if after != before else None
    call.done({"steps": [_shape(step) for step in plan.steps], "commit": commit}, _lines(plan, action, commit))


def _shape(step: SchemaStep) -> dict[str, object]:
    return {
        "step": step.kind,
        "type": step.type,
        "property": step.property,
        "said": step.said,
        "loses_data": step.loses_data,
        "checked": step.checked,
        "refused": step.refused,
    }


def _lines(plan: SchemaPlan, action: str, commit: int | None) -> list[str]:
    lines = [_line(step) for step in plan.steps] or ["nothing would change" if action == "plan" else "nothing changed"]
    return [*lines, f"applied (commit {commit})"] if commit is not None else lines


def _line(step: SchemaStep) -> str:
    if step.refused:
        return f"refused: {visible(step.said)}: {visible(step.refused)}"
    notes = ["loses data"] * step.loses_data + ["rows are checked"] * step.checked
    return visible(step.said) + (f" ({', '.join(notes)})" if notes else "")
