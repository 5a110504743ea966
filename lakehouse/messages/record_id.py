"""Ids of Kafka records, and their text."""

RecordId = tuple[str, int, int]
"""(topic id, partition, offset) of a record."""

_MAX_LENGTH = 100
"""A topic id has 22 characters; Python refuses to read a number of more than 4,300 digits."""


def format_record_id(record_id: RecordId) -> str:
    """Return the text of a record id.

    >>> format_record_id(("Zk3", 0, 7))
    'Zk3/0/7'
    """
    return "/".join(map(str, record_id))


def parse_record_id(text: str) -> RecordId | None:
    """Return the record id of a text that `format_record_id` wrote; None for any other text.

    >>> parse_record_id("Zk3/0/7"), parse_record_id("Zk3/0/-7")
    (('Zk3', 0, 7), None)
    """
    parts = text.split("/") if len(text) <= _MAX_LENGTH else ()
    if len(parts) != 3 or not parts[0] or not all(part.isascii() and part.isdigit() for part in parts[1:]):
        return None
    partition, offset = int(parts[1]), int(parts[2])
    return (parts[0], partition, offset) if partition < 2**31 and offset < 2**63 else None
