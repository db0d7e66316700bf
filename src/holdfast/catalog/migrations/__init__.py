"""The steps from each catalog revision to the next, as Alembic operations, one module each."""

import importlib

from alembic.operations import Operations


def upgrade(name: str, operations: Operations) -> None:
    """Run the step that leads to revision `name`, inside the transaction of `operations`."""
    importlib.import_module(f"{__name__}.r{name}").upgrade(operations)
