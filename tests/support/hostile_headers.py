"""Header keys that no client of a well-behaved language would send: Kafka takes any bytes."""

from typing import Any


class RawKey(str):
    """Key of a header that kafka-python writes as these very bytes."""

    raw: bytes

    def __new__(cls, raw: bytes) -> "RawKey":
        """Return the key; as text it is empty."""
        key = super().__new__(cls, "")
        key.raw = raw
        return key

    def encode(self, *_: Any, **__: Any) -> bytes:
        """Return the bytes, whatever the encoding."""
        return self.raw
