"""Originals that headers name: a record id that Kafka could have given, or none; never an error."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.messages.record_id import format_record_id, parse_record_id
from lakehouse.messages.records import RECORD_SCHEMA
from lakehouse.messages.replays import REPLAY_OF_HEADER, replay_of, replays_of
from tests.support.records import to_record, to_records

header_lists = st.none() | st.lists(
    st.fixed_dictionaries(
        {
            "key": st.just(REPLAY_OF_HEADER) | st.text(max_size=5),
            "value": st.none() | st.binary(max_size=200) | st.from_regex(rb"[a-z]{0,3}/\d{0,40}/\d{0,40}"),
        }
    ),
    max_size=3,
)


@given(headers=header_lists)
def test_any_headers_name_a_record_or_none(headers: list[dict[str, Any]] | None) -> None:
    original = replay_of(headers)

    assert original is None or parse_record_id(format_record_id(original)) == original


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"t/0/" + b"9" * 5_000,
        b"t/" + b"9" * 5_000 + b"/0",
        b"t" * 1_000_000 + b"/0/0",
        b"t/2147483648/0",
        b"t/0/9223372036854775808",
        "t/٣/0".encode(),
        "t/²/0".encode(),
        b"t/-1/0",
        b"t/1e3/0",
        b"/0/0",
        b"t/0/0/0",
        b"\xff/0/0",
        b"\xed\xa0\x80/0/0",
    ],
    ids=lambda value: repr(value)[:20],
)
def test_header_that_is_no_record_id_names_nothing(value: bytes | None) -> None:
    row = to_record("raw-price", "t", offset=0, broker_time=0, key=None, value=None)
    row["headers"] = [{"key": REPLAY_OF_HEADER, "value": value}]
    absent = row | {"headers": None}

    assert replays_of(to_records([row, absent])["headers"]) == [None, None]
    assert RECORD_SCHEMA.field("headers").nullable
