"""What an error of PostgreSQL means, in the errors a caller can act upon."""

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from holdfast.catalog.engine import CatalogDamaged
from holdfast.errors import HoldfastError, InvalidConfig, Locked, ReadOnly, StorageFailed, StoreNotFound, Unsupported

#: SQLSTATE of a lock that was waited for too long, which is the writers' turn
LOCK_NOT_AVAILABLE = "55P03"
#: characters of what the server says that are shown
_SAID = 500
#: SQLSTATEs, or how they begin, of a connection that is no longer there
_LOST = ("08", "57P", "25P03")


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Turn what the driver raises about the catalog at `place` into what a caller can act upon."""
    try:
        yield
    except psycopg.Error as error:
        raise explain(error, place) from error
    except UnicodeEncodeError as error:
        # Half a character, as the command line makes of bytes that are no UTF-8.
        raise Unsupported(f"{error.object!r} is not valid Unicode", remedy="Write it in UTF-8") from error


@contextmanager
def at_the_commit(place: str) -> Iterator[None]:
    """Say of a connection that is lost here, that nobody knows whether the server has committed."""
    try:
        yield
    except psycopg.Error as error:
        if not is_lost(error):
            raise
        what = f"The connection to the catalog {place} was lost in the middle of a commit, which may have been made"
        remedy = "Look whether it was (`holdfast log`), or repeat it with the idempotency key that it had"
        raise StorageFailed(what, path=place, remedy=remedy) from error


def is_lost(error: psycopg.Error) -> bool:
    """Return whether `error` means that there is no connection any more, or none could be made."""
    state = error.sqlstate or ""
    # The driver's own errors have no state: it found the connection closed.
    return state.startswith(_LOST) or (
        not state and isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
    )


def explain(error: psycopg.Error, place: str) -> HoldfastError:
    """Return the HoldfastError that says what PostgreSQL's `error` on the catalog at `place` means."""
    state, said = error.sqlstate or "", _said(error)
    if is_lost(error):
        remedy = "See whether the server runs and can be reached, and repeat: what was not committed is not there"
        return StorageFailed(f"The connection to the catalog {place} is lost ({said})", path=place, remedy=remedy)
    for begins, refused in _REFUSED:
        if state.startswith(begins):
            return refused(said, place)
    return HoldfastError(f"The catalog {place} refused a statement: {said}", path=place)


def unreachable(error: psycopg.Error, place: str) -> HoldfastError:
    """Return the HoldfastError that says why no connection to the catalog at `place` could be made."""
    state, said = error.sqlstate or "", _said(error)
    if state == "3D000" or ("does not exist" in said and "database" in said):
        remedy = "Make it (`createdb`), or correct the address"
        return StoreNotFound(f"There is no database at {place} ({said})", path=place, remedy=remedy)
    if isinstance(error, psycopg.ProgrammingError) and not state:
        # What libpq cannot read of an address it repeats, and it may be the password.
        remedy = "Write each character of a name or password that is no letter and no digit as %XX"
        return InvalidConfig(f"{place} is no address ({said.partition(':')[0]})", path=place, remedy=remedy)
    remedy = "See whether the server runs, and what it says of this user; a password may be given in PGPASSWORD"
    return StorageFailed(f"The catalog {place} cannot be reached ({said})", path=place, remedy=remedy)


def _said(error: psycopg.Error) -> str:
    # The server repeats what it was given, which may be long.
    return textwrap.shorten(str(error), _SAID, placeholder=" ...")


def _read_only(said: str, place: str) -> HoldfastError:
    return ReadOnly(f"The catalog {place} cannot be written ({said})", path=place)


def _not_allowed(said: str, place: str) -> HoldfastError:
    remedy = "Have the owner of the database grant this user the right, or give the address with another user"
    return ReadOnly(f"The catalog {place} may not be used so ({said})", path=place, remedy=remedy)


def _no_space(said: str, place: str) -> HoldfastError:
    remedy = "Free some space on the database's server, then repeat the command"
    return StorageFailed(f"No space is left for the catalog {place} ({said})", path=place, remedy=remedy)


def _failed(said: str, place: str) -> HoldfastError:
    return StorageFailed(f"The catalog {place} could not be written or read ({said})", path=place)


def _not_whole(said: str, place: str) -> HoldfastError:
    return damaged(f"The catalog {place} is not whole ({said})", place)


def _locked(said: str, place: str) -> HoldfastError:
    remedy = "Wait, or end what keeps it: `SELECT * FROM pg_stat_activity` shows who is connected"
    return Locked(f"Another program keeps the catalog {place} locked ({said})", path=place, remedy=remedy)


def damaged(message: str, place: str) -> CatalogDamaged:
    """Return the error of a catalog on a server whose tables are not what they should be."""
    remedy = "Restore the database from a backup: nothing else can bring back what it held"
    return CatalogDamaged(message, path=place, remedy=remedy)


#: how SQLSTATEs begin, and what they mean here
_REFUSED = (
    ("25006", _read_only),
    ("42501", _not_allowed),
    ("531", _no_space),
    ("53", _failed),
    ("58", _failed),
    ("42P01", _not_whole),
    ("42703", _not_whole),
    ("3F000", _not_whole),
    ("XX", _not_whole),
    ("55P03", _locked),
    ("40", _failed),
)
