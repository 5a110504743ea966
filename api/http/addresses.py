"""The address that a request or connection is counted under."""

from ipaddress import IPv6Address, ip_address, ip_network

IPV6_PREFIX_BITS = 64
"""What one subscriber gets at least, and may change addresses within. Source: RFC 6177, section 2."""


def client_address(*, own: str, forwarded: str | None, trusted_proxies: int) -> str:
    """Where it comes from, as the last trusted proxy tells it; ``forwarded`` is X-Forwarded-For, without one null.

    An IPv6 address is its network of 64 bits: whoever has one has them all.

    >>> client_address(own="10.0.0.1", forwarded="6.6.6.6, 1.2.3.4", trusted_proxies=1)
    '1.2.3.4'
    >>> client_address(own="2001:db8::9", forwarded="6.6.6.6", trusted_proxies=0)
    '2001:db8::/64'
    """
    if not trusted_proxies or forwarded is None:
        return _counted(own)
    told = forwarded.split(",")
    return _counted(told[-min(trusted_proxies, len(told))].strip())


def _counted(text: str) -> str:
    try:
        address = ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return text
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ip_network((address, IPV6_PREFIX_BITS), strict=False))
