"""Addresses: only those of the public internet are connected to, in whatever clothes they come."""

import socket
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.errors import Unsupported
from holdfast.ingest.sources.hosts import is_public, resolved

PRIVATE = (
    "10.0.0.1",
    "127.0.0.1",
    "169.254.169.254",
    "192.168.1.1",
    "172.16.0.1",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
)


@pytest.mark.parametrize(
    "address",
    [
        *PRIVATE,
        "255.255.255.255",
        "240.0.0.1",
        "198.18.0.1",
        "192.88.99.1",
        "239.1.2.3",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "fd00::1",
        "ff02::1",
        "ff0e::1",
        "100::1",
        "2001:db8::1",
        "2001::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "64:ff9b:1::1",
        "64:ff9b:1:0:8::",
        "fe80::5efe:8.8.8.8",
        "5f00::1",
        "4000::1",
    ],
)
def test_what_is_not_of_the_public_internet_is_refused(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1"]
)
def test_what_is_of_the_public_internet_is_allowed(address: str) -> None:
    assert is_public(address)


def carriers(address: str) -> dict[str, str]:
    """Return the IPv6 addresses that carry an IPv4 one, by the name of the way."""
    number = int(IPv4Address(address))
    return {
        "mapped": f"::ffff:{address}",
        "compatible": f"::{address}",
        "translated": f"::ffff:0:{address}",
        "NAT64": f"64:ff9b::{address}",
        "local NAT64": f"64:ff9b:1::{address}",
        "6to4": str(IPv6Address((0x2002 << 112) | (number << 80))),
        "Teredo": str(IPv6Address((0x20010000 << 96) | (number ^ 0xFFFFFFFF))),
        "ISATAP": f"2a00:1450::5efe:{address}",
    }


@given(st.ip_addresses(v=4, network="10.0.0.0/8") | st.sampled_from([IPv4Address(each) for each in PRIVATE]))
def test_no_address_carries_a_private_one_past_the_door(address: IPv4Address) -> None:
    assert [way for way, carrier in carriers(str(address)).items() if is_public(carrier)] == []


@pytest.mark.parametrize("host", ["127.1", "0x7f000001", "2130706433", "0", "localhost", "::ffff:7f00:1"])
def test_a_host_is_looked_at_after_it_was_resolved(host: str) -> None:
    with pytest.raises(Unsupported, match="private"):
        resolved(host, 80, 30.0, private=False)


def test_one_private_address_among_several_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    infos = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in ("8.8.8.8", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: infos)
    with pytest.raises(Unsupported, match=r"10\.0\.0\.1"):
        resolved("example.org", 80, 30.0, private=False)
    assert resolved("example.org", 80, 30.0, private=True) == "8.8.8.8"


def test_a_resolver_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    from threading import Event

    answer = Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answer.wait() and [])
    with pytest.raises(TimeoutError):
        resolved("example.org", 80, 0.001, private=False)
    answer.set()
