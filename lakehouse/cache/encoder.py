"""Dictionary encoding of columns with few values, and of the topics and partitions that rows come from."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lakehouse.delta.position import TopicPartition
from lakehouse.errors import LakehouseError
from lakehouse.messages.positions import Integers, encode_sources

_MAX_CODES = 65_535

Codes = npt.NDArray[np.uint16]


class DictionaryOverflowError(LakehouseError):
    """A coded column has more distinct values than a code can tell apart."""


class DictionaryEncoder:
    """Codes of one table's columns and of its rows' sources. Grows, under a lock of its owner."""

    def __init__(self) -> None:
        self._codes: dict[str, dict[str | None, int]] = {}
        self._values: dict[str, npt.NDArray[np.object_]] = {}
        self._source_codes: dict[TopicPartition, int] = {}
        self.sources: tuple[TopicPartition, ...] = ()
        self.source_ranks: Codes = np.empty(0, dtype=np.uint16)

    def encode(self, name: str, column: pa.Array) -> Codes:
        """Return the codes of a column. Raises DictionaryOverflowError."""
        encoded = _to_dictionary(column)
        known = self._codes.setdefault(name, {})
        codes = [known.setdefault(value, len(known)) for value in encoded.dictionary.to_pylist()]
        if len(known) > _MAX_CODES:
            raise DictionaryOverflowError(name)
        if len(self._values.get(name, ())) < len(known):
            self._values[name] = np.array(list(known), dtype=object)
        indices: Integers = encoded.indices.to_numpy(zero_copy_only=False)
        return np.asarray(codes, dtype=np.uint16)[indices]

    def encode_sources(self, topic_ids: pa.Array, partitions: Integers) -> Codes:
        """Return the code of each row's topic and partition; ``source_ranks`` gives their order.

        Raises: DictionaryOverflowError.
        """
        own_codes, keys = encode_sources(topic_ids, partitions)
        codes = [self._source_codes.setdefault(key, len(self._source_codes)) for key in keys]
        if len(self._source_codes) > len(self.sources):
            if len(self._source_codes) > _MAX_CODES:
                raise DictionaryOverflowError("sources")
            sources = tuple(self._source_codes)
            ranks = np.empty(len(sources), dtype=np.uint16)
            ranks[sorted(range(len(sources)), key=lambda code: sources[code])] = np.arange(len(sources))
            self.source_ranks, self.sources = ranks, sources
        by_row: Codes = np.asarray(codes, dtype=np.uint16)[own_codes]
        return by_row

    def code(self, name: str, value: str) -> int | None:
        """Return the code of a value; None where no row has it."""
        return self._codes.get(name, {}).get(value)

    def values(self, name: str) -> list[str | None]:
        """Return the values of a column in the order of their codes."""
        return list(self._codes.get(name, {}))

    def decode(self, name: str, codes: Codes) -> list[str | None]:
        decoded: list[str | None] = self._values[name][codes].tolist() if codes.size else []
        return decoded


def _to_dictionary(column: pa.Array) -> pa.DictionaryArray:
    """Return a column as a dictionary in which null is a value."""
    if not isinstance(column, pa.DictionaryArray):
        return column.dictionary_encode(null_encoding="encode")
    return column if not column.null_count else _to_dictionary(column.dictionary_decode())
