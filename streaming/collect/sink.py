"""Where a collector's messages go: Kafka, or a terminal for a first look."""

import sys
from typing import Protocol, TextIO

from streaming.kafka.messages import Message


class Sink(Protocol):
    """Takes messages; after `flush` they are safe. `streaming.kafka.producer.Publisher` is one."""

    def send(self, message: Message) -> None: ...

    def flush(self) -> None: ...


class Printer:
    """Messages as lines on a terminal; nothing is published."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout

    def send(self, message: Message) -> None:
        self._stream.write(f"{(message.value or b'').decode()}\n")

    def flush(self) -> None:
        self._stream.flush()
