"""One request and its answer, as it came: over the network, over a recorder, or from a recording."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Protocol
from urllib.parse import unquote, urlsplit

from urllib3 import BaseHTTPResponse, make_headers
from urllib3.exceptions import HTTPError
from urllib3.exceptions import TimeoutError as ReadTimeoutError

from streaming.collect.errors import FetchError
from streaming.collect.network.addresses import Resolve, resolve_host
from streaming.collect.network.connections import TERMS, Terms, checked_manager
from streaming.collect.network.deadline import Deadline
from streaming.collect.recording import Playback, Recorder

_PIECE_BYTES = 65_536
_MAX_PROBLEM = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked. ``allows_private``: the address may be one that is not of the internet."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "GET"
    body: bytes | None = None
    allows_private: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came: the body still compressed, and the address that it came from."""

    url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str:
        """Return a header's value, where it is there several times joined; empty without one."""
        return ", ".join(value for own, value in self.headers if own.lower() == name.lower())


class Exchange(Protocol):
    """Where answers come from. Thread-safe but for recordings."""

    def ask(self, request: Request, *, deadline: Deadline, max_bytes: int) -> Answer:
        """Return the answer to one request, no redirect followed. Raises: FetchError."""
        ...


class Network:
    """Exchange over connections that are checked, within the deadline, of at most ``max_bytes`` a body."""

    def __init__(self, resolve: Resolve = resolve_host) -> None:
        self._resolve = resolve
        # A connection to a private address is never used again for a request that must not reach one.
        self._managers = {allows_private: checked_manager() for allows_private in (False, True)}

    def ask(self, request: Request, *, deadline: Deadline, max_bytes: int) -> Answer:
        terms = Terms(deadline=deadline, resolve=self._resolve, allows_private=request.allows_private)
        token = TERMS.set(terms)
        try:
            return self._ask(request, deadline, max_bytes)
        except (HTTPError, HTTPException, OSError, ValueError) as error:
            if deadline.is_over or isinstance(error, TimeoutError | ReadTimeoutError):
                raise deadline.error() from error
            raise FetchError(f"{type(error).__name__}: {error}"[:_MAX_PROBLEM]) from error
        finally:
            deadline.release()
            TERMS.reset(token)

    def _ask(self, request: Request, deadline: Deadline, max_bytes: int) -> Answer:
        response = self._managers[request.allows_private].urlopen(
            request.method,
            request.url,
            body=request.body,
            headers=_with_credentials(request),
            redirect=False,
            retries=False,
            timeout=deadline.remaining_seconds(),
            preload_content=False,
            decode_content=False,
        )
        try:
            body = _read_body(response, deadline, max_bytes)
        except BaseException:
            response.close()
            raise
        response.release_conn()
        return Answer(
            url=request.url, status=response.status, headers=tuple(response.headers.items()), body=body
        )


class RecordedNetwork:
    """Exchange over another one that records every answer, or the error that came instead."""

    def __init__(self, inner: Exchange, recorder: Recorder) -> None:
        self._inner = inner
        self._recorder = recorder

    def ask(self, request: Request, *, deadline: Deadline, max_bytes: int) -> Answer:
        try:
            answer = self._inner.ask(request, deadline=deadline, max_bytes=max_bytes)
        except FetchError as error:
            self._recorder.add_error(method=request.method, url=request.url, error=error.problem)
            raise
        self._recorder.add_answer(
            method=request.method,
            url=request.url,
            status=answer.status,
            headers=answer.headers,
            body=answer.body,
        )
        return answer


class PlayedBack:
    """Exchange with a recording; PlaybackEndedError where no answer is left."""

    def __init__(self, playback: Playback) -> None:
        self._playback = playback

    def ask(self, request: Request, *, deadline: Deadline, max_bytes: int) -> Answer:
        answer, body = self._playback.next_answer(method=request.method, url=request.url)
        if answer.error is not None:
            raise FetchError(answer.error)
        headers = tuple((name, value) for name, value in answer.headers)
        return Answer(url=request.url, status=answer.status, headers=headers, body=body)


def _read_body(response: BaseHTTPResponse, deadline: Deadline, max_bytes: int) -> bytes:
    """Return a body's bytes as they came. Raises: FetchError; what urllib3 raises."""
    body = bytearray()
    while piece := response.read1(_PIECE_BYTES, decode_content=False):
        body += piece
        if len(body) > max_bytes:
            raise too_long(max_bytes)
        deadline.remaining_seconds()
    deadline.remaining_seconds()  # a socket that was shut down looks like the end of a body without a length
    return bytes(body)


def too_long(max_bytes: int) -> FetchError:
    return FetchError(f"cut off: the body is longer than {max_bytes} bytes (max_bytes)")


def _with_credentials(request: Request) -> dict[str, str]:
    """Return the headers of a request, with those of a name and password that stand in its address."""
    user_info = urlsplit(request.url).netloc.rpartition("@")[0]
    if not user_info:
        return dict(request.headers)
    basic = make_headers(basic_auth=unquote(user_info))["authorization"]
    return {"Authorization": basic, **request.headers}
