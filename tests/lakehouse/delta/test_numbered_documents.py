"""Numbered documents: read once, in the order of their numbers, and added by exactly one."""

from pathlib import Path

import pytest

from lakehouse.delta.numbered_documents import NumberedDocuments, NumberTakenError, retry_taken_numbers
from lakehouse.delta.storage import LakeLocation


def documents(path: Path) -> NumberedDocuments:
    return NumberedDocuments(LakeLocation.parse(str(path)), "_catalog/notes")


def test_documents_are_read_once_and_by_number(tmp_path: Path) -> None:
    reader, writer = documents(tmp_path), documents(tmp_path)
    for number in (1_000_000, 2):
        writer.add(number, b"%d" % number)

    assert [(number, content) for number, _, content in reader.unseen()] == [
        (2, b"2"),
        (1_000_000, b"1000000"),
    ]
    assert (list(reader.unseen()), reader.last_number) == ([], 1_000_000)


@pytest.mark.parametrize(
    "name", ["readme.txt", "00001.json", "nested/000007.json", "000007.json.tmp", "٠٠٠٠٠٧.json"]
)
def test_name_that_is_no_number_is_zero(tmp_path: Path, name: str) -> None:
    path = tmp_path / "_catalog" / "notes" / name
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x")
    reader = documents(tmp_path)

    assert [number for number, _, _ in reader.unseen()] == [0]
    assert reader.last_number == 0


def test_document_whose_reading_fails_is_read_again(tmp_path: Path) -> None:
    documents(tmp_path).add(1, b"one")
    reader = documents(tmp_path)

    def fail() -> None:
        for _ in reader.unseen():
            raise OSError("no such disk")

    with pytest.raises(OSError, match="no such disk"):
        fail()

    assert [content for _, _, content in reader.unseen()] == [b"one"]


def test_number_that_another_took_is_refused_and_the_next_one_is_added(tmp_path: Path) -> None:
    first, second = documents(tmp_path), documents(tmp_path)
    first.add(1, b"first")
    with pytest.raises(NumberTakenError, match="another document was added as number 1"):
        second.add(1, b"second")

    def add() -> None:
        number = second.last_number + 1
        list(second.unseen())
        second.add(number, b"second")

    retry_taken_numbers()(add)

    assert [content for _, _, content in documents(tmp_path).unseen()] == [b"first", b"second"]
