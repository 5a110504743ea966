"""Numbered documents in a folder of a lake: each is added whole and never changed, and is read once."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Generic, TypeVar

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt

from lakehouse.delta.storage import LakeLocation
from lakehouse.errors import LakehouseError, PositionConflictError

Document = TypeVar("Document")
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


class DocumentFollower(Generic[Document]):
    """Documents of one folder of a lake, each read and parsed once in its life. Not thread-safe.

    ``parse`` makes a document of (number, content, the documents that are known). Where it raises the ``refusal``, the
    document counts as absent, and ``refuse`` is told its name, why, and the documents that are known, once.
    """

    def __init__(
        self,
        documents: NumberedDocuments,
        *,
        parse: Callable[[int, bytes, Sequence[Document]], Document],
        refusal: type[LakehouseError],
        refuse: Callable[[str, LakehouseError, Sequence[Document]], None],
    ) -> None:
        self._documents = documents
        self._parse = parse
        self._refusal = refusal
        self._refuse = refuse
        self._parsed: dict[int, Document] = {}
        self._known: tuple[Document, ...] = ()

    def refresh(self) -> tuple[Document, ...]:
        """Return all documents that are there by now, ascending; the same object where none has come.

        Raises OSError or an error of the storage where one cannot be read; it is read again the next time.
        """
        for number, name, content in self._documents.unseen():
            try:
                self._parsed[number] = self._parse(number, content, self._known)
            except self._refusal as error:
                self._refuse(name, error, self._known)
                continue
            self._known = tuple(self._parsed[each] for each in sorted(self._parsed))
        return self._known


def retry_taken_numbers() -> Retrying:
    """Return a caller that calls again while another's document takes the number."""
    return Retrying(
        retry=retry_if_exception_type(NumberTakenError), stop=stop_after_attempt(_MAX_ATTEMPTS), reraise=True
    )
