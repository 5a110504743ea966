"""Rule of addresses: which machines a request may reach."""

import ipaddress
import socket
import threading
from collections.abc import Callable
from typing import Final

from streaming.collect.errors import FetchError
from streaming.collect.network.deadline import Deadline

Resolve = Callable[[str], list[str]]

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# Source: RFC 6052, RFC 3056, RFC 4291: networks of IPv6 addresses that lead to an IPv4 address in their bits.
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE: Final = ipaddress.IPv6Network("::/96")
# Source: RFC 8215, RFC 4380, RFC 3879: translators and tunnels whose end nobody here can know, and sites of old.
_HIDDEN: Final = tuple(map(ipaddress.IPv6Network, ("64:ff9b:1::/48", "2001::/32", "fec0::/10")))


def resolve_host(host: str) -> list[str]:
    """Return every address of a host name, the preferred one first. Raises: OSError, UnicodeError."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def addresses_of(host: str, *, resolve: Resolve, deadline: Deadline, allows_private: bool) -> list[str]:
    """Return the addresses of a host that may be connected to, as they are now.

    One that is not public refuses the host, unless ``allows_private``. Raises: FetchError.
    """
    addresses = _resolve_within(host, resolve, deadline)
    hidden = [each for each in addresses if not is_public(each)]
    if hidden and not allows_private:
        raise FetchError(
            f"{host} has the private address {hidden[0]}, which is not requested; public ones are, and with "
            "`private = true` of the source its own"
        )
    return addresses


def is_public(address: str) -> bool:
    """Return whether an address is one of the internet's, also where it only leads to another.

    >>> is_public("93.184.216.34"), is_public("::ffff:10.0.0.1"), is_public("64:ff9b::7f00:1"), is_public("224.0.0.1")
    (True, False, False, False)
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    embedded = _embedded(ip)
    if embedded is not None:
        return is_public(str(embedded))
    is_special = ip.is_multicast or ip.is_reserved or ip.is_unspecified or ip.is_loopback
    is_hidden = any(ip in network for network in _HIDDEN)
    return ip.is_global and not is_special and not is_hidden


def is_written_address(host: str) -> bool:
    """Return whether a host is an address itself or a name of this machine, so that its writer knew where it leads."""
    return is_loopback(host) or _to_address(host) is not None


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine by its very text, without a look at any name server."""
    name = host.lower().rstrip(".")
    address = _to_address(name)
    return name == "localhost" or name.endswith(".localhost") or (address is not None and address.is_loopback)


def _to_address(host: str) -> _Address | None:
    try:
        return ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return None


def _embedded(ip: _Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that packets to an IPv6 address reach in the end; None where there is none."""
    if isinstance(ip, ipaddress.IPv4Address):
        return None
    if ip in _NAT64 or (ip in _COMPATIBLE and int(ip) > 1):
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour


def _resolve_within(host: str, resolve: Resolve, deadline: Deadline) -> list[str]:
    """Resolve a name in a thread, which is left behind where its servers give no answer in time."""
    found: list[str] = []
    problems: list[Exception] = []

    def work() -> None:
        try:
            found.extend(resolve(host))
        except (OSError, UnicodeError) as error:
            problems.append(error)

    thread = threading.Thread(target=work, name=f"resolve-{host}"[:40], daemon=True)
    thread.start()
    thread.join(deadline.remaining_seconds())
    if not found:
        cause = f": {problems[0]}" if problems else ""
        raise FetchError(f"the host {host!r} has no address{cause}")
    return list(found)
