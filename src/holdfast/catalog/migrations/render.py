"""Prints the first migration as it follows from the schema.

    python -m holdfast.catalog.migrations.render | ruff format --stdin-filename r0001.py - > r0001.new
    mv r0001.new src/holdfast/catalog/migrations/r0001.py

makes it anew, until a release has frozen it; from then on a change of the schema is a migration of its own. A test
compares the two.
"""

import sys
import textwrap

_HEADER = '''"""Revision 0001: the tables of the first release, printed by holdfast.catalog.migrations.render."""

import sqlalchemy as sa
from alembic.operations import Operations

{types}


def upgrade(op: Operations) -> None:
    """Make every table in an empty catalog."""
'''


#: names for the types that differ by database
_TYPES = {
    "KEY": "sa.BigInteger().with_variant(sa.Integer(), 'sqlite')",
    "TEXT": "sa.Text().with_variant(sa.Text(collation='C'), 'postgresql')",
}


def first_migration() -> str:
    """Return the source of the migration that makes the schema's tables in an empty catalog."""
    from alembic.autogenerate import render_python_code
    from alembic.migration import MigrationContext
    from alembic.operations.ops import CreateIndexOp, CreateTableOp, MigrateOperation, UpgradeOps

    from holdfast.catalog.schema import metadata

    steps: list[MigrateOperation] = []
    for table in metadata.sorted_tables:
        steps.append(CreateTableOp.from_table(table))
        steps.extend(CreateIndexOp.from_index(index) for index in sorted(table.indexes, key=lambda i: str(i.name)))
    # Not as SQLite: its renderer puts defaults into parentheses, which a fresh catalog does not have.
    context = MigrationContext.configure(dialect_name="postgresql")
    body = render_python_code(UpgradeOps(steps), migration_context=context)
    body = "\n".join(line for line in body.splitlines() if not line.lstrip().startswith("# ###"))
    for name, type_ in _TYPES.items():
        body = body.replace(type_, name)
    types = "\n".join(f"{name} = {type_}" for name, type_ in _TYPES.items())
    return _HEADER.format(types=types) + textwrap.indent(textwrap.dedent(f"    {body.lstrip()}"), "    ") + "\n"


if __name__ == "__main__":
    sys.stdout.write(first_migration())
