"""requests session and adapters of an exchange's client: every answer bounded, recorded or played back."""

import io
import time
from collections.abc import Sequence
from http.client import responses
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError
from urllib3.response import HTTPResponse

from streaming.collect.compression import DecompressionError, decode_body
from streaming.collect.exchanges.connections import bound_headers
from streaming.collect.recording import Playback, Recorder
from streaming.collect.redirects import MAX_REDIRECTS, checked_target

MAX_ANSWER_BYTES = 8_000_000
_PIECE_BYTES = 65_536


class ExchangeSession(requests.Session):
    """Session that follows few redirects, and those of feeds alone: never to what is private or from https to http."""

    def __init__(self, adapter: HTTPAdapter) -> None:
        super().__init__()
        self.max_redirects = MAX_REDIRECTS
        for scheme in ("http://", "https://"):
            self.mount(scheme, adapter)

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Return where an answer leads, if it is a redirect. Raises: FetchError."""
        location = super().get_redirect_target(resp)
        return None if location is None else checked_target(resp.url, location)


class BoundedAdapter(HTTPAdapter):
    """Adapter that reads at most MAX_ANSWER_BYTES of an answer, compressed or not, within the time of its time-out.

    What is longer, later or broken is an error of requests. With a recorder every answer is recorded, body still
    compressed.
    """

    def __init__(self, recorder: Recorder | None = None) -> None:
        super().__init__()
        self._recorder = recorder

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        bound_headers(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        bound_headers(manager)
        return manager

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Send a request whose ``timeout`` is a number of seconds, as ccxt's are."""
        method, url = str(request.method), str(request.url)
        deadline = time.monotonic() + kwargs["timeout"]
        try:
            response = super().send(request, *args, **kwargs)
            body = _read_body(response, deadline)
        except (requests.RequestException, OSError) as error:
            if self._recorder is not None:
                self._recorder.add_error(method=method, url=url, error=f"{type(error).__name__}: {error}")
            raise
        status, headers = response.status_code, list(response.headers.items())
        if self._recorder is not None:
            self._recorder.add_answer(method=method, url=url, status=status, headers=headers, body=body)
        return self.build_response(request, _to_raw(status, headers, body))


class PlaybackAdapter(HTTPAdapter):
    """Adapter that answers from a recording; PlaybackEndedError where no answer is left."""

    def __init__(self, playback: Playback) -> None:
        super().__init__()
        self._playback = playback

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        answer, body = self._playback.next_answer(method=str(request.method), url=str(request.url))
        if answer.error is not None:
            raise requests.ConnectionError(answer.error, request=request)
        return self.build_response(request, _to_raw(answer.status, answer.headers, body))


def _read_body(response: requests.Response, deadline: float) -> bytes:
    """Return an answer's bytes as they came. Raises: requests.ConnectionError, requests.ReadTimeout."""
    body = bytearray()
    try:
        while piece := response.raw.read1(_PIECE_BYTES, decode_content=False):
            body += piece
            if len(body) > MAX_ANSWER_BYTES:
                raise requests.ConnectionError(f"the answer is longer than {MAX_ANSWER_BYTES} bytes")
            if time.monotonic() > deadline:
                raise requests.ReadTimeout(f"still sending after the time allowed, {len(body)} bytes so far")
    except HTTPError as error:
        raise requests.ConnectionError(str(error)) from error
    finally:
        response.close()
    return bytes(body)


def _to_raw(status: int, headers: Sequence[tuple[str, str]], body: bytes) -> HTTPResponse:
    """Return an answer with its body decompressed. Raises: requests.exceptions.ContentDecodingError."""
    named = requests.structures.CaseInsensitiveDict(headers)
    content_encoding = named.pop("Content-Encoding", "")
    named.pop("Content-Length", None)  # of the compressed body
    try:
        content = decode_body(body, content_encoding, max_bytes=MAX_ANSWER_BYTES) if body else b""
    except DecompressionError as error:
        raise requests.exceptions.ContentDecodingError(f"the compressed body is broken: {error}") from error
    except OverflowError as error:
        raise requests.ConnectionError(f"the answer is longer than {MAX_ANSWER_BYTES} bytes") from error
    return HTTPResponse(
        body=io.BytesIO(content),
        headers=dict(named),
        status=status,
        reason=responses.get(status, ""),
        preload_content=False,
        decode_content=False,
    )
