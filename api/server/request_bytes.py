"""Bytes of one HTTP/1.1 request, as they arrive: whether all of it is here, and whether it may become so large."""

from __future__ import annotations

import re

MAX_HEAD_BYTES = 32 * 1024
MAX_REQUEST_LINE_BYTES = 4 * 1024
MAX_BODY_BYTES = 128 * 1024
"""More than any resource or form: a JSON body has at most 64 kB, which a form may write as three times as many."""
_MAX_DIGITS = 19
_END_OF_HEAD = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length[ \t]*:[ \t]*(\d+)[ \t]*(?=\r\n)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding[ \t]*:", re.IGNORECASE)
_CONTINUE = re.compile(rb"\r\nexpect[ \t]*:[ \t]*100-continue[ \t]*(?=\r\n)", re.IGNORECASE)
_CHUNK_SIZE = re.compile(rb"([0-9a-fA-F]{1,8})[ \t]*(?:;[^\r\n]*)?\r\n")


class RequestTooLargeError(Exception):
    """A part of a request is larger than any that is answered; ``status`` and ``title`` are those of the answer."""

    def __init__(self, status: int, title: str) -> None:
        super().__init__(title)
        self.status = status
        self.title = title


class RequestBytes:
    """Buffer of a request until it is whole. Bytes of the next one may follow in it.

    What is wrong in other ways is whole as well: the server's own parser reads it, and says what is wrong.
    """

    __slots__ = ("_body_start", "_chunk_start", "_end", "buffer")

    def __init__(self, received: bytes = b"") -> None:
        self.buffer = bytearray()
        self._body_start: int | None = None
        self._chunk_start: int | None = None
        self._end = 0
        self.add(received)

    def add(self, received: bytes) -> None:
        """Append what has arrived. Raises: RequestTooLargeError."""
        before = len(self.buffer)
        self.buffer += received
        if self._body_start is None:
            end = self.buffer.find(_END_OF_HEAD, max(before - len(_END_OF_HEAD), 0))
            self._check_head(len(self.buffer) if end < 0 else end)
            if end >= 0:
                self._read_head(end + len(_END_OF_HEAD))
        if self._chunk_start is not None:
            self._read_chunks(self._chunk_start)

    @property
    def is_whole(self) -> bool:
        """Whether head and body are here."""
        return self._body_start is not None and self._chunk_start is None and len(self.buffer) >= self._end

    @property
    def waits_for_continue(self) -> bool:
        """Whether the client sends its body only after it was asked to."""
        if self._body_start is None or self.is_whole or len(self.buffer) > self._body_start:
            return False
        return _CONTINUE.search(self.buffer, 0, self._body_start) is not None

    def _check_head(self, n_bytes: int) -> None:
        line_end = self.buffer.find(b"\r\n", 0, MAX_REQUEST_LINE_BYTES + 2)
        if line_end < 0 and n_bytes > MAX_REQUEST_LINE_BYTES:
            raise RequestTooLargeError(414, "URI Too Long")
        if n_bytes > MAX_HEAD_BYTES:
            raise RequestTooLargeError(431, "Request Header Fields Too Large")

    def _read_head(self, body_start: int) -> None:
        self._body_start = self._end = body_start
        if _CHUNKED.search(self.buffer, 0, body_start):
            self._chunk_start = body_start
        elif (length := _LENGTH.search(self.buffer, 0, body_start)) is not None:
            if len(length[1]) > _MAX_DIGITS or int(length[1]) > MAX_BODY_BYTES:
                raise RequestTooLargeError(413, "Content Too Large")
            self._end = body_start + int(length[1])

    def _read_chunks(self, start: int) -> None:
        """Go on from the chunk that begins at ``start``, until the last one or the end of what is here."""
        assert self._body_start is not None
        self._chunk_start = start
        while (size := _CHUNK_SIZE.match(self.buffer, start)) is not None:
            n_bytes = int(size[1], 16)
            if size.end() + n_bytes - self._body_start > MAX_BODY_BYTES:
                raise RequestTooLargeError(413, "Content Too Large")
            if n_bytes == 0:
                self._read_trailers(size.end())
                return
            start = size.end() + n_bytes + 2
            if start > len(self.buffer):
                return
            self._chunk_start = start
        if len(self.buffer) - self._body_start > MAX_BODY_BYTES:
            raise RequestTooLargeError(413, "Content Too Large")
        if b"\r\n" in self.buffer[start:]:
            self._chunk_start = None  # no chunk at all: for the parser

    def _read_trailers(self, start: int) -> None:
        """Look for the empty line after the last chunk, which trailers may precede."""
        found = self.buffer.find(b"\r\n\r\n", start - 2)
        if found >= 0:
            self._chunk_start, self._end = None, found + 4
        elif len(self.buffer) - start > MAX_HEAD_BYTES:
            raise RequestTooLargeError(431, "Request Header Fields Too Large")
