"""Addresses of services in settings: where the API listens, PostgreSQL, Redis, Spark, and where a lake is. Pure.

Each check raises ValueError, which says what is accepted; of a URL that may hold a password it shows nothing.
"""

import re
from ipaddress import IPv4Address, ip_address
from typing import Final
from urllib.parse import SplitResult, parse_qs, urlsplit

from lakehouse.process.origins import parse_hosts

LAKE_SCHEMES: Final = ("file", "s3", "gs", "az", "abfs", "abfss")
_SSL_MODES: Final = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_LIVE_URL = re.compile(r"(wss?://[\w.:\[\]-]+)?(/(?!/)[^\s;,\"'<>]*)?", re.ASCII)
_NUMBERS = re.compile(r"[0-9.]+", re.ASCII)
_SPARK_MASTER = re.compile(
    r"local(\[(\*|[1-9]\d{0,4})(, ?[1-9]\d{0,4})?\])?"
    r"|spark://[\w.\[\]:-]+:\d{1,5}(,[\w.\[\]:-]+:\d{1,5})*"
    r"|local-cluster\[\d+, ?\d+, ?\d+\]|yarn|k8s://\S+",
    re.ASCII,
)


def check_listening_host(host: str) -> str:
    """Return an address or name that a server can listen on."""
    try:
        if _NUMBERS.fullmatch(host):
            IPv4Address(host)
        elif ":" in host:
            ip_address(host)
        elif "," in host or parse_hosts(host) != (host.lower(),) or host[0] in "*.":
            raise ValueError(host)
    except ValueError:
        raise ValueError(
            f"{host!r} is no address to listen on; accepted: 127.0.0.1, 0.0.0.0, ::1 or a name such as localhost, "
            "without a port"
        ) from None
    return host


def check_live_url(url: str) -> str:
    """Return the address of a WebSocket, or a path."""
    if _LIVE_URL.fullmatch(url) is None or _split(url) is None:
        raise ValueError(f"{url!r} is not ws://host/path, wss://host/path or a path such as /ws/v1/flux")
    return url


def check_database_url(url: str) -> str:
    """Return the URL of a PostgreSQL database, or nothing."""
    parts = _split(url)
    if url and (
        parts is None
        or parts.scheme not in ("postgresql", "postgres")
        or len(parts.path) < 2
        or any(mode not in _SSL_MODES for mode in parse_qs(parts.query).get("sslmode", []))
    ):
        raise ValueError(
            "it is not postgresql://user:password@host:5432/name, after which ?sslmode= may be "
            f"{', '.join(_SSL_MODES[:-1])} or {_SSL_MODES[-1]}"
        )
    return url


def check_redis_url(url: str) -> str:
    """Return the URL of a Redis, or nothing."""
    parts = _split(url)
    if url and (parts is None or not _is_redis(parts)):
        raise ValueError("it is not redis://user:password@host:6379/0, rediss:// or unix:///path?db=0")
    return url


def check_spark_master(master: str) -> str:
    """Return the master of Spark, or nothing."""
    if master and _SPARK_MASTER.fullmatch(master) is None:
        raise ValueError(
            f"{master!r} is no Spark master; accepted: local[2], spark://host:7077, yarn or k8s://URL"
        )
    return master


def check_lake_uri(uri: str) -> str:
    """Return the path or URI of a lake, or nothing."""
    if "://" not in uri:
        return uri
    parts = _split(uri)
    is_local = parts is not None and parts.scheme == "file"
    if parts is None or parts.scheme not in LAKE_SCHEMES or is_local != (parts.netloc in ("", "localhost")):
        schemes = ", ".join(f"{scheme}://" for scheme in LAKE_SCHEMES[1:])
        raise ValueError(f"{uri!r} is no lake; accepted: a path, file:///path, or a bucket with {schemes}")
    return uri


def _is_redis(parts: SplitResult) -> bool:
    if parts.scheme == "unix":
        return len(parts.path) > 1
    database = parts.path.strip("/")
    return (
        parts.scheme in ("redis", "rediss")
        and bool(parts.hostname)
        and (not database or database.isdecimal())
    )


def _split(url: str) -> SplitResult | None:
    """Return the parts of a URL; None where it is none: a bracket without its end, a port that is none, spaces."""
    if re.search(r"[\s\x00-\x1f\x7f]", url):
        return None
    try:
        parts = urlsplit(url)
        return parts if parts.port != 0 else None
    except ValueError:
        return None
