"""Terminal's sink: messages are UTF-8 on any terminal."""

import io

import pytest

from streaming.collect.sink import Printer
from streaming.kafka.messages import Message


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_a_message_is_written_in_utf_8_whatever_the_terminals_encoding(encoding: str) -> None:
    written = io.BytesIO()
    printer = Printer(io.TextIOWrapper(written, encoding=encoding))

    printer.send(Message(topic="raw-news", key=b"a", value='{"title":"BTC 🚀 é"}'.encode(), publish_us=0))
    printer.flush()

    assert written.getvalue() == '{"title":"BTC 🚀 é"}\n'.encode()
