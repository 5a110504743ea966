"""The address that somebody is counted under."""

import pytest

from api.http.addresses import client_address


@pytest.mark.parametrize(
    ("own", "forwarded", "trusted_proxies", "counted"),
    [
        ("192.0.2.1", None, 0, "192.0.2.1"),
        ("192.0.2.1", "6.6.6.6", 0, "192.0.2.1"),
        ("10.0.0.1", "6.6.6.6, 192.0.2.1", 1, "192.0.2.1"),
        ("10.0.0.1", "6.6.6.6,192.0.2.1,10.0.0.2", 2, "192.0.2.1"),
        ("10.0.0.1", "192.0.2.1", 2, "192.0.2.1"),
        ("10.0.0.1", None, 1, "10.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", None, 0, "2001:db8:1:2::/64"),
        ("10.0.0.1", "2001:DB8:1:2::ffff", 1, "2001:db8:1:2::/64"),
        ("10.0.0.1", "[2001:db8:1:2::1]", 1, "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", None, 0, "192.0.2.1"),
        ("fe80::1%eth0", None, 0, "fe80::/64"),
        ("", None, 0, ""),
        ("10.0.0.1", "unknown", 1, "unknown"),
        ("10.0.0.1", "", 1, ""),
    ],
)
def test_who_is_counted(own: str, forwarded: str | None, trusted_proxies: int, counted: str) -> None:
    assert client_address(own=own, forwarded=forwarded, trusted_proxies=trusted_proxies) == counted
