"""Origins of pages and names of hosts in settings: one grammar, and every value is one that a browser can send."""

import re
from ipaddress import IPv6Address
from urllib.parse import SplitResult, urlsplit

ANY = "*"
_REGISTRY = re.compile(r"\.[^.]+\.?|\.(?:ac|co|com|edu|gob|gouv|gov|gv|mil|ne|net|nom|or|org)\.[a-z]{2}\.?")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*", re.ASCII)
_ACCEPTED = f"https://host, http://host:port, several of them comma-separated, or {ANY} for any page"
_HOSTS_ACCEPTED = (
    f"names such as viz.example, .viz.example for subdomains too, comma-separated, or {ANY} for any"
)


def parse_origins(text: str) -> tuple[str, ...]:
    """Return the origins of a setting as browsers send them: in lower case, without a default port, each once.

    Raises ValueError, which names the value and what is accepted.

    >>> parse_origins("https://Viewer.example:443, http://[::1]:3000")
    ('https://viewer.example', 'http://[::1]:3000')
    """
    values = (value.strip() for value in text.split(","))
    return tuple(dict.fromkeys(_to_origin(value) for value in values if value))


def parse_hosts(text: str) -> tuple[str, ...]:
    """Return the host names of a setting in lower case. Raises ValueError, which names the value."""
    values = (value.strip() for value in text.split(","))
    hosts = tuple(dict.fromkeys(_to_host(value) for value in values if value))
    if not hosts:
        raise ValueError(f"{text!r} names no host; accepted: {_HOSTS_ACCEPTED}")
    return hosts


def names_a_registry(text: str) -> str | None:
    """Return the first name of a setting of hosts whose subdomains belong to many owners; None without one.

    The list of public suffixes is not asked: a name of one label, and second-level names of countries that are
    registries by custom, are known by their form.

    >>> names_a_registry("viz.example, .com"), names_a_registry(".co.uk"), names_a_registry(".viz.example")
    ('.com', '.co.uk', None)
    """
    values = (value.strip().lower() for value in text.split(","))
    return next((value for value in values if _REGISTRY.fullmatch(value)), None)


def allows_any(text: str) -> bool:
    """Return whether a setting of origins or hosts allows any."""
    return ANY in (value.strip() for value in text.split(","))


def _to_origin(value: str) -> str:
    if value == ANY:
        return value
    try:
        parts = urlsplit(value)
        port = parts.port
        host = _checked_host(parts.hostname or "")
    except ValueError as error:
        raise _refusal(value) from error
    if parts.scheme not in _DEFAULT_PORTS:
        raise _refusal(value)
    origin = f"{parts.scheme}://{host}" + ("" if port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{port}")
    if port == 0 or _has_more(parts, value):
        raise _refusal(value, f"; did you mean {origin}?")
    return origin


def _has_more(parts: SplitResult, value: str) -> bool:
    """Return whether there is anything beside scheme, host and port, which no browser sends in Origin."""
    return bool(parts.path) or value.endswith(":") or any(mark in value for mark in "@?#\\")


def _to_host(value: str) -> str:
    if value == ANY:
        return value
    try:
        bare = value.removeprefix(".")
        host = _checked_host(bare.strip("[]").lower() if bare.startswith("[") else bare.lower())
    except ValueError as error:
        raise ValueError(f"{value!r} is not a host name; accepted: {_HOSTS_ACCEPTED}") from error
    return host if bare == value else f".{host}"


def _checked_host(host: str) -> str:
    """Return a host as browsers send it; an IPv6 address in brackets. Raises ValueError."""
    if ":" in host:
        return f"[{IPv6Address(host).compressed}]"
    if _HOST.fullmatch(host) is None:
        raise ValueError(host)
    return host


def _refusal(value: str, hint: str = "") -> ValueError:
    if not value.isascii():
        hint = "; write the name as browsers send it, which begins with xn--"
    return ValueError(f"{value!r} is not the origin of a page; accepted: {_ACCEPTED}{hint}")
