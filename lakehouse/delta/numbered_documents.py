"""Numbered documents in a folder of a lake: each is added whole and never changed, and is read once."""

import re
from collections.abc import Iterator

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt

from lakehouse.delta.storage import LakeLocation
from lakehouse.errors import PositionConflictError

_MAX_ATTEMPTS = 100


class NumberTakenError(PositionConflictError):
    """Another document was added under the same number."""


class NumberedDocuments:
    """Documents of one folder of a lake, as one reader follows them. Not thread-safe."""

    def __init__(self, location: LakeLocation, folder: str) -> None:
        self._location = location
        self._folder = folder
        self._name = re.compile(rf"{re.escape(folder)}/(?P<number>\d{{6,12}})\.json", re.ASCII)
        self._seen: set[str] = set()

    def unseen(self) -> Iterator[tuple[int, str, bytes]]:
        """Yield (number, name, content) of the documents that were not seen before, ascending.

        The number is 0 where the name is none. A document counts as seen once the next one is asked for. Raises
        OSError or an error of the storage where one cannot be read.
        """
        for name in sorted(set(self._location.names(self._folder)) - self._seen, key=self._number_of):
            yield self._number_of(name), name, self._location.read(name) or b""
            self._seen.add(name)

    @property
    def last_number(self) -> int:
        """Highest number of the documents that were seen, malformed or not."""
        return max(map(self._number_of, self._seen), default=0)

    def add(self, number: int, content: bytes) -> None:
        """Add a document. Atomic. Raises: NumberTakenError where there is one of that number."""
        if not self._location.put_if_absent(f"{self._folder}/{number:06d}.json", content):
            table = self._folder.rpartition("/")[2]
            raise NumberTakenError(table=table, problem=f"another document was added as number {number}")

    def _number_of(self, name: str) -> int:
        match = self._name.fullmatch(name)
        return 0 if match is None else int(match["number"])


def retry_taken_numbers() -> Retrying:
    """Return a caller that calls again while another's document takes the number."""
    return Retrying(
        retry=retry_if_exception_type(NumberTakenError), stop=stop_after_attempt(_MAX_ATTEMPTS), reraise=True
    )
