"""requests adapter and session of an exchange's client: ccxt's requests over the exchange of all collectors."""

import io
from http.client import responses
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.response import HTTPResponse

from streaming.collect.errors import FetchError
from streaming.collect.network.compression import DecompressionError, decode_body
from streaming.collect.network.deadline import Deadline
from streaming.collect.network.exchange import Answer, Exchange, Request, too_long
from streaming.collect.network.redirects import follow

MAX_ANSWER_BYTES = 8_000_000


class ExchangeAdapter(HTTPAdapter):
    """Adapter that answers over an exchange: at most MAX_ANSWER_BYTES, compressed or not, within its time-out.

    Redirects are followed within the same time. What is longer, later or broken is a FetchError.
    """

    def __init__(self, exchange: Exchange, *, private: bool = False) -> None:
        super().__init__()
        self._exchange = exchange
        self._private = private

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Send a request whose ``timeout`` is a number of seconds, as ccxt's are. Raises: FetchError."""
        body = request.body.encode() if isinstance(request.body, str) else request.body
        assert body is None or isinstance(body, bytes)
        asked = Request(
            method=str(request.method),
            url=str(request.url),
            headers={name: _to_text(value) for name, value in request.headers.items()},
            body=body,
        )
        with Deadline(kwargs["timeout"]) as deadline:
            followed = follow(
                self._exchange, asked, deadline=deadline, max_bytes=MAX_ANSWER_BYTES, private=self._private
            )
        return self.build_response(request, _to_raw(followed.answer))


def to_session(exchange: Exchange, *, private: bool) -> requests.Session:
    """Return a session of ccxt over an exchange; it reads no proxy and no password from the environment."""
    session = requests.Session()
    session.trust_env = False
    for scheme in ("http://", "https://"):
        session.mount(scheme, ExchangeAdapter(exchange, private=private))
    return session


def _to_raw(answer: Answer) -> HTTPResponse:
    """Return an answer with its body decompressed. Raises: FetchError."""
    named = requests.structures.CaseInsensitiveDict(answer.headers)
    content_encoding = named.pop("Content-Encoding", "")
    named.pop("Content-Length", None)  # of the compressed body
    try:
        content = (
            decode_body(answer.body, content_encoding, max_bytes=MAX_ANSWER_BYTES) if answer.body else b""
        )
    except DecompressionError as error:
        raise FetchError(f"the compressed body is broken: {error}") from error
    except OverflowError as error:
        raise too_long(MAX_ANSWER_BYTES) from error
    return HTTPResponse(
        body=io.BytesIO(content),
        headers=dict(named),
        status=answer.status,
        reason=responses.get(answer.status, ""),
        preload_content=False,
        decode_content=False,
    )


def _to_text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
