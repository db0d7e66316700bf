"""Which addresses a URL may lead to: those of the public internet, looked at after the name was resolved."""

import socket
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from threading import Thread

from holdfast.errors import HoldfastError, Unsupported

#: all of IPv6 that is given out for use on the public internet
_GLOBAL = IPv6Network("2000::/3")
#: an IPv4 address in the form of an IPv6 one, and one that a network without IPv4 reaches through its translator
_MAPPED, _TRANSLATED = IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96")
#: addresses that carry an IPv4 one, with how many bits stand to the right of it
_EMBEDDING = (
    (_MAPPED, 0),
    (_TRANSLATED, 0),
    (IPv6Network("::ffff:0:0:0/96"), 0),
    (IPv6Network("::/96"), 0),
    (IPv6Network("2002::/16"), 80),
)
#: Teredo: whoever the client is stands in it disguised, behind somebody's NAT
_TUNNELS = (IPv6Network("2001::/32"),)
#: relays into 6to4
_RELAYS = (IPv4Network("192.88.99.0/24"),)
#: bits of an address that ISATAP makes of an IPv4 one stand behind these
_ISATAP = (0x00005EFE, 0x02005EFE)


def is_public(address: str) -> bool:
    """Tell whether an address, and every one that it carries, is of the public internet."""
    found = ip_address(address.partition("%")[0])
    return _is_public_4(found) if isinstance(found, IPv4Address) else _is_public_6(found)


def _is_public_4(address: IPv4Address) -> bool:
    return address.is_global and not address.is_multicast and not any(address in relays for relays in _RELAYS)


def _is_public_6(address: IPv6Address) -> bool:
    carried = list(_carried(address))
    if any(not _is_public_4(each) for each in carried) or any(address in tunnel for tunnel in _TUNNELS):
        return False
    return address in _MAPPED or address in _TRANSLATED or (address in _GLOBAL and address.is_global)


def _carried(address: IPv6Address) -> Iterator[IPv4Address]:
    number = int(address)
    for network, right in _EMBEDDING:
        if address in network:
            yield IPv4Address((number >> right) & 0xFFFFFFFF)
    if (number >> 32) & 0xFFFFFFFF in _ISATAP:
        yield IPv4Address(number & 0xFFFFFFFF)


def resolved(host: str, port: int, seconds: float, *, private: bool) -> str:
    """Return the address to connect to for a host.

    Raises Unsupported when any that the name stands for is not public and `private` ones are not allowed, TimeoutError
    when the system has not answered within `seconds`, and what the system raises for a name that it does not know.
    """
    found = _asked(host, port, seconds)
    for address in found:
        if not private and not is_public(address):
            raise Unsupported(
                f"{host} is in a private network ({address})",
                path=host,
                remedy="Set ingest.private_urls = true in holdfast.toml to allow that",
            )
    return found[0]


def _asked(host: str, port: int, seconds: float) -> list[str]:
    # In a thread that is left behind, for the system's resolver has no limit of time that could be set.
    answer: list[list[str] | Exception] = []

    def ask() -> None:
        try:
            infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answer.append([str(info[4][0]) for info in infos])
        except Exception as error:  # noqa: BLE001 - raised again below, in the thread that asked
            answer.append(error)

    thread = Thread(target=ask, name="holdfast-resolve", daemon=True)
    thread.start()
    thread.join(seconds)
    if not answer:
        raise TimeoutError
    if isinstance(answer[0], Exception):
        raise answer[0]
    if not answer[0]:
        raise HoldfastError(f"{host} has no address", path=host, remedy="Check the address")
    return answer[0]
