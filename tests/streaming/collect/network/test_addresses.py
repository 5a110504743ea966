"""Which addresses a collector connects to."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.collect.network.addresses import is_loopback, is_public, is_written_address

PUBLIC = [
    "93.184.216.34",
    "1.1.1.1",
    "2606:4700::1111",
    "::ffff:1.1.1.1",
    "64:ff9b::101:101",
    "2002:101:101::1",
]
PRIVATE = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.0.9",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.1",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "239.1.1.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a00:1",
    "64:ff9b:1::a00:1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:a9fe:a9fe::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_leads_elsewhere_is_not(address: str) -> None:
    assert not is_public(address)


@given(st.ip_addresses(v=4), st.sampled_from(["::ffff:0:0", "64:ff9b::"]))
def test_an_address_in_another_is_as_public_as_itself(inner: ipaddress.IPv4Address, prefix: str) -> None:
    outer = ipaddress.IPv6Address(int(ipaddress.IPv6Address(prefix)) + int(inner))

    assert is_public(str(outer)) == is_public(str(inner))


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST.", "feeds.localhost", "127.9.9.9", "::1", "[::1]"])
def test_a_name_of_this_machine_is_known_by_its_text(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["localhost.example.org", "127.0.0.1.nip.io", "2130706433", "0x7f.1", "127.1", "example.org", ""]
)
def test_what_only_resolves_to_this_machine_is_not_taken_for_written(host: str) -> None:
    assert not is_loopback(host)
    assert not is_written_address(host)


def test_an_address_is_written_where_it_stands_for_itself() -> None:
    assert is_written_address("10.0.0.5")
    assert is_written_address("fd00::1")
