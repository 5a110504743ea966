"""The address that a request or connection is counted as."""

from ipaddress import IPv6Address, ip_address, ip_network

IPV6_PREFIX_BITS = 64
"""Smallest network of one subscriber, who may use any address in it. Source: RFC 6177, section 2."""


def client_address(*, own: str, forwarded: str | None, trusted_proxies: int) -> str:
    """Return the client's address as the last trusted proxy sends it; ``forwarded`` is X-Forwarded-For, if any.

    An IPv6 address is counted as its network of 64 bits: a subscriber has them all.

    >>> client_address(own="10.0.0.1", forwarded="6.6.6.6, 1.2.3.4", trusted_proxies=1)
    '1.2.3.4'
    >>> client_address(own="2001:db8::9", forwarded="6.6.6.6", trusted_proxies=0)
    '2001:db8::/64'
    """
    if not trusted_proxies or forwarded is None:
        return _normalise(own)
    addresses = forwarded.split(",")
    return _normalise(addresses[-min(trusted_proxies, len(addresses))].strip())


def _normalise(text: str) -> str:
    try:
        address = ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return text
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ip_network((address, IPV6_PREFIX_BITS), strict=False))
