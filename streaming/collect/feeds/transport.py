"""httpx transports: one that records every answer, and one that plays a recording back."""

from collections.abc import Callable, Iterator

import httpx

from streaming.collect.recording import Playback, Recorder


class RecordingTransport(httpx.BaseTransport):
    """Transport that passes requests on, and records each answer as far as it was read."""

    def __init__(self, inner: httpx.BaseTransport, recorder: Recorder) -> None:
        self._inner = inner
        self._recorder = recorder

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        method, url = request.method, str(request.url)
        try:
            response = self._inner.handle_request(request)
        except httpx.TransportError as error:
            self._recorder.add_error(method=method, url=url, error=_describe(error))
            raise
        assert isinstance(response.stream, httpx.SyncByteStream)
        status, headers = response.status_code, response.headers.multi_items()

        def add(body: bytes, problem: str | None) -> None:
            if problem is not None:
                self._recorder.add_error(method=method, url=url, error=problem)
                return
            self._recorder.add_answer(method=method, url=url, status=status, headers=headers, body=body)

        stream = _RecordedStream(response.stream, add)
        return httpx.Response(status, headers=headers, stream=stream, extensions=response.extensions)

    def close(self) -> None:
        self._inner.close()


class PlaybackTransport(httpx.BaseTransport):
    """Transport that answers from a recording; PlaybackEndedError where no answer is left."""

    def __init__(self, playback: Playback) -> None:
        self._playback = playback

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer, body = self._playback.next_answer(method=request.method, url=str(request.url))
        if answer.error is not None:
            raise httpx.ReadError(answer.error, request=request)
        return httpx.Response(answer.status, headers=list(answer.headers), stream=httpx.ByteStream(body))


class _RecordedStream(httpx.SyncByteStream):
    """A body that is passed to ``on_close`` whole, empty where nobody read it, or with the error that cut it off."""

    def __init__(self, inner: httpx.SyncByteStream, on_close: Callable[[bytes, str | None], None]) -> None:
        self._inner = inner
        self._on_close = on_close
        self._chunks: list[bytes] = []
        self._problem: str | None = None

    def __iter__(self) -> Iterator[bytes]:
        self._problem = "the reader stopped in the middle of the body"
        try:
            for chunk in self._inner:
                self._chunks.append(chunk)
                yield chunk
        except httpx.TransportError as error:
            self._problem = _describe(error)
            raise
        self._problem = None

    def close(self) -> None:
        self._inner.close()
        self._on_close(b"".join(self._chunks), self._problem)


def _describe(error: httpx.TransportError) -> str:
    return f"{type(error).__name__}: {error}"
