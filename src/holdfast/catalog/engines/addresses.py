"""Addresses of catalogs on a server, and how they are shown: without their passwords."""

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from holdfast.errors import InvalidConfig

#: how the address of a catalog on PostgreSQL begins
SCHEMES = ("postgresql", "postgres")


def is_server(address: str) -> bool:
    """Return whether an address names a catalog on a server, and no folder."""
    return address.partition("://")[0] in SCHEMES and "://" in address


def without_password(address: str) -> str:
    """Return an address that may be shown and stored; raises InvalidConfig for what cannot be read as one."""
    try:
        parts = urlsplit(address)
    except ValueError as error:
        # It is not shown: nobody can tell where in it the password stands.
        remedy = "It is written as postgresql://user@host:port/name"
        raise InvalidConfig(f"The catalog has no address that can be read ({error})", remedy=remedy) from None
    user, at, host = parts.netloc.rpartition("@")
    query = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != "password"]
    return urlunsplit(parts._replace(netloc=user.partition(":")[0] + at + host, query=urlencode(query, safe="/")))
