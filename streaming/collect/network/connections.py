"""urllib3 connections that resolve a name once, check the addresses, and connect to what was checked."""

import socket
import ssl
from contextvars import ContextVar
from dataclasses import dataclass

import certifi
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.response import HTTPResponse

from streaming.collect.network.addresses import Resolve, addresses_of
from streaming.collect.network.deadline import Deadline

_MAX_HOSTS = 100
_MAX_IDLE = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What holds for the connections of one request."""

    deadline: Deadline
    resolve: Resolve
    allows_private: bool


TERMS: ContextVar[Terms] = ContextVar("terms of the request")
"""urllib3 hands connections nothing but numbers; a request sets its terms for the time of its call."""


class _CheckedConnection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _connect(self._dns_host, self.port)

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        _hold(self.sock)
        return super().getresponse()


class _CheckedSecureConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _connect(self._dns_host, self.port)

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        _hold(self.sock)
        return super().getresponse()


class _Pool(HTTPConnectionPool):
    ConnectionCls = _CheckedConnection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _CheckedSecureConnection


def checked_manager() -> PoolManager:
    """Return a manager whose connections obey the TERMS of the request that opens them.

    Connections are kept for later requests: requests of different terms take different managers.
    """
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())  # an image without certificates of its own
    manager = PoolManager(num_pools=_MAX_HOSTS, maxsize=_MAX_IDLE, ssl_context=context)
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
    return manager


def _connect(host: str, port: int) -> socket.socket:
    """Return a socket to the first address of a host that accepts. Raises: FetchError, OSError."""
    terms = TERMS.get()
    addresses = addresses_of(
        host.strip("[]"),
        resolve=terms.resolve,
        deadline=terms.deadline,
        allows_private=terms.allows_private,
    )
    problem: OSError | None = None
    for address in addresses:
        try:
            connected = socket.create_connection((address, port), terms.deadline.remaining_seconds())
        except OSError as error:
            problem = error
            continue
        terms.deadline.hold(connected)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connected
    assert problem is not None
    raise problem


def _hold(connected: socket.socket | None) -> None:
    if connected is not None:
        TERMS.get().deadline.hold(connected)
