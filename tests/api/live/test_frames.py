"""Frames of clients: which are accepted, and that any other gets an error with what is wrong."""

import json
import random
from contextlib import suppress

import pytest

from api.live.frames import MAX_SYMBOLS, Subscribe, Unsubscribe, pairs_of, parse_frame, update_frame
from lakehouse.delta.position import TopicPartition
from lakehouse.errors import QueryError
from lakehouse.messages.contract import CONTRACTS
from lakehouse.messages.validation import Rejected, validate
from lakehouse.tail.rows import TailRow
from lakehouse.tail.store import TAIL_TOPICS
from tests.support.hostile_messages import hostile_messages
from tests.support.profiles import sized

GOOD = {"v": 1, "type": "subscribe", "channels": ["sentiment", "prix"], "symbols": ["btc"]}


def test_subscribe_with_a_position_is_taken() -> None:
    frame = parse_frame(json.dumps(GOOD | {"depuis": {"Zk3": [5, -1]}}))

    assert frame == Subscribe(["sentiment", "prix"], ["btc"], {"Zk3": [5, -1]})


def test_unsubscribe_is_taken() -> None:
    frame = parse_frame('{"type": "unsubscribe", "channels": ["prediction"], "symbols": ["eth"]}')

    assert frame == Unsubscribe(["prediction"], ["eth"])


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"v": 2}, "$.v"),
        ({"type": "publish"}, "publish"),
        ({"channels": []}, "$.channels"),
        ({"channels": ["news"]}, "news"),
        ({"channels": "sentiment"}, "$.channels"),
        ({"symbols": []}, "$.symbols"),
        ({"symbols": ["BTC; DROP"]}, "$.symbols"),
        ({"symbols": ["btc"] * (MAX_SYMBOLS + 1)}, "$.symbols"),
        *(
            ({"symbols": ["eth", name]}, "$.symbols[1]")
            for name in (
                "btc\n",
                "\nbtc",
                "btc ",
                "btc\r",
                "btc\0",
                "",
                "b t",
                "b" * 21,
                "btc\u2028",
                "bt\u0441",
                "ﬁl",
            )
        ),
        ({"symbols": [None]}, "$.symbols"),
        ({"depuis": {"Zk3": [-2]}}, "$.depuis"),
        ({"depuis": {"Zk3": [0.5]}}, "$.depuis"),
        ({"depuis": {"Zk3": [2**70]}}, "depuis"),
        ({"depuis": [1]}, "$.depuis"),
        ({"since": {}}, "since"),
    ],
)
def test_a_frame_that_is_wrong_is_told_what_is_wrong(change: dict[str, object], named: str) -> None:
    with pytest.raises(QueryError) as raised:
        parse_frame(json.dumps(GOOD | change))

    assert named in raised.value.problem


@pytest.mark.parametrize(
    ("channel", "meant"),
    [("Prx", "prix"), ("price", "prix"), ("sentiments", "sentiment"), ("PREDICTIONS", "prediction")],
)
def test_a_channel_that_does_not_exist_is_told_with_those_that_do(channel: str, meant: str) -> None:
    with pytest.raises(QueryError) as raised:
        parse_frame(json.dumps(GOOD | {"channels": ["sentiment", channel]}))

    assert raised.value.accepted == f"sentiment, prediction, prix; did you mean {meant}?"


@pytest.mark.parametrize("channel", ["weather", "", "\u202e", "*"])
def test_a_channel_that_is_close_to_none_lists_them_alone(channel: str) -> None:
    with pytest.raises(QueryError) as raised:
        parse_frame(json.dumps(GOOD | {"channels": [channel]}))

    assert raised.value.accepted == "sentiment, prediction, prix"


@pytest.mark.parametrize("kind", ["subscribe", "unsubscribe"])
def test_case_and_order_of_names_do_not_matter(kind: str) -> None:
    names = {"type": kind, "channels": ["Prix", "sentiment", "PRIX"], "symbols": ["ETH", "Btc", "btc"]}
    frame = parse_frame(json.dumps(names))

    assert sorted(pairs_of(frame)) == [
        ("prix", "btc"),
        ("prix", "eth"),
        ("sentiment", "btc"),
        ("sentiment", "eth"),
    ]


@pytest.mark.parametrize(
    "text", ["", "null", "[]", "{", '"subscribe"', "[" * 5_000, '{"type": 1}', "\ud800", '{"v": NaN}', "\x00"]
)
def test_what_is_no_frame_is_refused(text: str) -> None:
    with pytest.raises(QueryError):
        parse_frame(text)


def test_no_mutilated_frame_does_anything_but_be_taken_or_refused() -> None:
    draw = random.Random(7)
    text = json.dumps(GOOD | {"depuis": {"Zk3": [5, -1]}}).encode()
    for _ in range(sized(quick=2_000, full=20_000, soak=200_000)):
        spoilt = bytearray(text)
        for _ in range(draw.randrange(1, 5)):
            spoilt[draw.randrange(len(spoilt))] = draw.randrange(256)
        with suppress(QueryError):
            assert isinstance(parse_frame(bytes(spoilt)), Subscribe | Unsubscribe)


def test_every_message_that_validation_accepts_makes_a_frame() -> None:
    tables = {contract.topic: table for table, contract in TAIL_TOPICS.items()}
    n_frames = 0
    for at, message in enumerate(hostile_messages(sized(quick=2_000, full=20_000, soak=200_000), seed=3)):
        values = validate(
            message.topic, key=message.key, value=message.value, broker_time_us=message.broker_time_us
        )
        if message.topic in tables and not isinstance(values, Rejected):
            source = TopicPartition("id", 0)
            row = TailRow.of(CONTRACTS[message.topic], source, at, message.broker_time_us, values)
            frame = json.loads(update_frame(tables[message.topic], row))
            assert frame["data"]["message_id"] == row.message_id
            n_frames += 1
    assert n_frames > 100
