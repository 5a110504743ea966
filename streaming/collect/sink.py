"""Destinations of the collectors' messages: Kafka, or a terminal."""

import io
import sys
import threading
from typing import Protocol, TextIO

from streaming.kafka.messages import Message


class Sink(Protocol):
    """Destination of messages, durable after `flush`. `streaming.kafka.producer.Publisher` is one."""

    def send(self, message: Message) -> None: ...

    def flush(self) -> None: ...


class SharedSink:
    """Sink for collectors of several threads over one that is for one thread."""

    def __init__(self, inner: Sink) -> None:
        self._inner = inner
        self._lock = threading.Lock()

    def send(self, message: Message) -> None:
        with self._lock:
            self._inner.send(message)

    def flush(self) -> None:
        with self._lock:
            self._inner.flush()


class Printer:
    """Messages as lines on a terminal, in UTF-8 whatever its encoding; nothing is published."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        if isinstance(self._stream, io.TextIOWrapper):
            self._stream.reconfigure(encoding="utf-8")

    def send(self, message: Message) -> None:
        self._stream.write(f"{(message.value or b'').decode()}\n")

    def flush(self) -> None:
        self._stream.flush()
