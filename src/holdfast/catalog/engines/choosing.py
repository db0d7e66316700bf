"""Which engine a catalog has: SQLite in the store's folder, or the server that its address names."""

from pathlib import Path

from holdfast.catalog.engine import Engine
from holdfast.catalog.engines.addresses import is_server, without_password
from holdfast.catalog.engines.sqlite import SqliteEngine
from holdfast.errors import InvalidConfig, Unsupported


def opened(
    file: Path, address: str | None, *, create: bool = False, read_only: bool = False, durable: bool = True
) -> Engine:
    """Open the catalog at `address`, or the one in `file` when that is None; with `create` it need not be there yet.

    Raises what the engine raises, and Unsupported when what it needs is not installed.
    """
    if address is None:
        return SqliteEngine(file, create=create, read_only=read_only, durable=durable)
    shown = without_password(address)
    if not is_server(address):
        raise InvalidConfig(f"{shown} is no address of a catalog", path=shown, remedy="It begins with postgresql://")
    try:
        from holdfast.catalog.engines.postgresql import PostgresEngine
    except ImportError as error:
        remedy = "Install it with: pip install 'holdfast[fleet]'"
        raise Unsupported(f"The catalog {shown} needs psycopg ({error})", path=shown, remedy=remedy) from error
    return PostgresEngine(address, read_only=read_only, durable=durable)
