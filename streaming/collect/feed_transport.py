"""httpx over a recording: the collectors' HTTP client writes one, or reads from one instead of the network."""

from collections.abc import Callable, Iterator

import httpx

from streaming.collect.recording import Recorder, Replay


class RecordingTransport(httpx.BaseTransport):
    """Passes requests on, and records what came back, as far as it was read."""

    def __init__(self, inner: httpx.BaseTransport, recorder: Recorder) -> None:
        self._inner = inner
        self._recorder = recorder

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        method, url = request.method, str(request.url)
        try:
            response = self._inner.handle_request(request)
        except httpx.TransportError as error:
            self._recorder.add_error(method=method, url=url, error=_in_words(error))
            raise
        assert isinstance(response.stream, httpx.SyncByteStream)
        headers = response.headers.multi_items()

        def add(body: bytes, problem: str | None) -> None:
            if problem is not None:
                self._recorder.add_error(method=method, url=url, error=problem)
                return
            self._recorder.add_answer(
                method=method, url=url, status=response.status_code, headers=headers, body=body
            )

        stream = _RecordedStream(response.stream, add)
        return httpx.Response(
            response.status_code, headers=headers, stream=stream, extensions=response.extensions
        )

    def close(self) -> None:
        self._inner.close()


class ReplayTransport(httpx.BaseTransport):
    """Answers from a recording. Raises ReplayEndedError where it has no answer left."""

    def __init__(self, replay: Replay) -> None:
        self._replay = replay

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer, body = self._replay.next_answer(method=request.method, url=str(request.url))
        if answer.error is not None:
            raise httpx.ReadError(answer.error, request=request)
        return httpx.Response(answer.status, headers=list(answer.headers), stream=httpx.ByteStream(body))


class _RecordedStream(httpx.SyncByteStream):
    """A body that is handed over once it is closed: in full, or empty as nobody read it, or with what cut it off."""

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
            self._problem = _in_words(error)
            raise
        self._problem = None

    def close(self) -> None:
        self._inner.close()
        self._on_close(b"".join(self._chunks), self._problem)


def _in_words(error: httpx.TransportError) -> str:
    return f"{type(error).__name__}: {error}"
