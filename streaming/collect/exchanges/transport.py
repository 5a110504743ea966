"""requests adapters: one that bounds and records every answer, and one that plays a recording back."""

import io
from collections.abc import Sequence
from http.client import responses
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.response import HTTPResponse

from streaming.collect.recording import Playback, Recorder

MAX_ANSWER_BYTES = 8_000_000


class BoundedAdapter(HTTPAdapter):
    """Adapter that reads at most MAX_ANSWER_BYTES of an answer; a longer one is a connection error.

    With a recorder every answer is recorded, body still compressed.
    """

    def __init__(self, recorder: Recorder | None = None) -> None:
        super().__init__()
        self._recorder = recorder

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        method, url = str(request.method), str(request.url)
        try:
            response = super().send(request, *args, **kwargs)
            body = response.raw.read(MAX_ANSWER_BYTES + 1, decode_content=False)
            if len(body) > MAX_ANSWER_BYTES:
                response.close()
                raise requests.ConnectionError(f"the answer is longer than {MAX_ANSWER_BYTES} bytes")
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


def _to_raw(status: int, headers: Sequence[tuple[str, str]], body: bytes) -> HTTPResponse:
    return HTTPResponse(
        body=io.BytesIO(body),
        headers=dict(headers),
        status=status,
        reason=responses.get(status, ""),
        preload_content=False,
        decode_content=False,
    )
