"""Workaround for kafka-python 3.0, which cannot read past a record with a header whose key is not UTF-8."""

from collections.abc import Callable
from typing import Any

from kafka.record.default_records import DefaultRecordBatch


def patch_header_keys() -> None:
    """Make kafka-python replace bytes of a header's key that are not UTF-8, as Java's clients do. Idempotent.

    Kafka never looks into a header. One such record ends every read of its partition, at each start anew: the client
    raises before the application sees the record, so that nothing can be passed over.
    """
    original: Callable[..., Any] = DefaultRecordBatch._read_msg
    if getattr(original, _MARK, False):
        return

    def read_msg(self: Any, *arguments: Any, **named: Any) -> Any:
        try:
            return original(self, *arguments, **named)
        except UnicodeDecodeError:  # nothing of the batch has moved yet
            self._buffer = _ReplacingBuffer(self._buffer)
            return original(self, *arguments, **named)

    setattr(read_msg, _MARK, True)
    DefaultRecordBatch._read_msg = read_msg


class _ReplacingBuffer(bytearray):
    """Bytes whose slices decode to text always."""

    def __getitem__(self, at: Any) -> Any:
        part = super().__getitem__(at)
        return _ReplacingBytes(part) if isinstance(at, slice) else part


class _ReplacingBytes(bytes):
    """Bytes that decode to text, with U+FFFD for what is no text."""

    def decode(self, encoding: str = "utf-8", errors: str = "replace") -> str:
        return super().decode(encoding, "replace")


_MARK = "_cryptoviz_patched"
