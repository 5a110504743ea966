"""Batches of any bytes: each record is one accepted or one rejected row, alike in a batch, alone and in the tail."""

from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.messages.contract import CONTRACTS
from lakehouse.messages.records import to_bronze, validate_batch
from lakehouse.messages.replays import REPLAY_OF_HEADER, replay_of
from lakehouse.tail.store import TAIL_TOPICS, Message, Tail
from tests.support.hostile_messages import BROKER_TIME_US, hostile_messages
from tests.support.profiles import sized
from tests.support.records import to_record, to_records

TABLE_OF = {contract.topic: table for table, contract in TAIL_TOPICS.items()}

hostile = st.integers(0, 2**32).map(lambda seed: next(hostile_messages(1, seed=seed)))
headers = st.none() | st.lists(
    st.fixed_dictionaries(
        {
            "key": st.just(REPLAY_OF_HEADER) | st.text(max_size=4),
            "value": st.none()
            | st.binary(max_size=60)
            | st.from_regex(rb"[a-z]/\d{1,25}/\d{1,25}", fullmatch=True),
        }
    ),
    max_size=2,
)
times_us = st.just(BROKER_TIME_US) | st.integers(-62_135_596_800_000_000, 253_402_300_799_999_999)
records = st.tuples(
    st.tuples(st.none() | st.binary(max_size=20), st.none() | st.binary(max_size=300))
    | hostile.map(lambda message: (message.key, message.value)),
    headers,
    times_us,
)
batches = st.lists(records, max_size=10)


def to_batch(topic: str, batch: list[Any]) -> pa.Table:
    rows = [
        to_record(topic, "id", offset=at, broker_time=time_us, key=key, value=value) | {"headers": of_record}
        for at, ((key, value), of_record, time_us) in enumerate(batch)
    ]
    return to_records(rows)


@settings(max_examples=sized(quick=60, full=100, soak=3_000))
@given(topic=st.sampled_from(sorted(CONTRACTS)), batch=batches)
def test_each_record_is_one_row_and_its_neighbours_change_nothing(topic: str, batch: list[Any]) -> None:
    together = to_batch(topic, batch)
    validated = validate_batch(topic, together)

    assert validated.accepted.num_rows + validated.rejected.num_rows == len(batch)
    alone = [validate_batch(topic, together.slice(at, 1)) for at in range(len(batch))]
    for table, tables in (
        (validated.accepted, [one.accepted for one in alone]),
        (validated.rejected, [one.rejected for one in alone]),
    ):
        assert table.to_pylist() == [row for one in tables for row in one.to_pylist()]
        table.validate(full=True)
    to_bronze(together).validate(full=True)


@settings(max_examples=sized(quick=60, full=100, soak=3_000))
@given(topic=st.sampled_from(sorted(TABLE_OF)), batch=batches)
def test_the_tail_holds_what_a_batch_accepts(topic: str, batch: list[Any]) -> None:
    table, tail = TABLE_OF[topic], Tail(max_messages=100)
    tail.begin(table, "id", {0: (0, True)})
    messages = [
        Message(at, key, value, time_us, replay_of(of_record))
        for at, ((key, value), of_record, time_us) in enumerate(batch)
    ]

    rows = tail.ingest(table, 0, messages, len(batch), lambda _, candidates: [True] * len(candidates))

    accepted = validate_batch(topic, to_batch(topic, batch)).accepted
    assert [row.offset for row in rows] == accepted["kafka_offset"].to_pylist()
    assert tail.ends_of(table).to_json() == {"id": [len(batch)]}
