"""The generated stream: reproducible, valid but for its poison, which breaks the rule that it names."""

import json
from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest

from lakehouse.messages.contract import CONTRACTS
from lakehouse.messages.rules import RULES
from lakehouse.messages.validation import Rejected, validate
from setup.contract_docs import to_json_schema
from streaming.feed.faults import POISONS, FaultRates, to_poison
from streaming.feed.market import ASSETS
from streaming.feed.prices.behaviour import Behaviour
from streaming.feed.schedule import density_for_rate
from streaming.feed.stream import FEED_TOPICS, Feed, messages_between
from streaming.kafka.messages import Message
from tests.support.json_schema import Draft202012Validator

pytestmark = pytest.mark.heavy

HOUR_US = 3_600_000_000
NOON_US = 1_772_366_400_000_000  # 2026-03-01T12:00:00Z
CLEAN = Feed(seed=7)
FAULTY = Feed(seed=7, fault_rates=FaultRates(late=0.05, duplicates=0.05, poison=0.02))
EXPECTED_RULES = {
    "malformed_json": "malformed_json",
    "not_a_number": "malformed_json",
    "score_too_high": "out_of_range",
    "price_below_zero": "out_of_range",
    "interval_reversed": "interval_reversed",
    "number_as_text": "wrong_type",
    "year_1970": "time_too_old",
    "far_future": "time_in_future",
    "unknown_version": "unknown_version",
    "null_value": "null_value",
    "wrong_key": "key_mismatch",
    "too_large": "too_large",
    "not_utf8": "not_utf8",
}


@pytest.fixture(scope="module")
def clean() -> list[Message]:
    return messages_between(CLEAN, start_us=NOON_US, end_us=NOON_US + 12 * HOUR_US)


def rule_of(message: Message) -> str | None:
    result = validate(message.topic, key=message.key, value=message.value, broker_time_us=message.publish_us)
    return result.rule if isinstance(result, Rejected) else None


def message_id(message: Message) -> str:
    return str(json.loads(message.value or b"{}")["message_id"])


def test_every_message_of_a_clean_feed_is_accepted_and_fits_the_schema(clean: list[Message]) -> None:
    validators = {topic: Draft202012Validator(to_json_schema(c)) for topic, c in CONTRACTS.items()}

    assert Counter(map(rule_of, clean)) == {None: len(clean)}
    assert all(validators[m.topic].is_valid(json.loads(m.value or b"")) for m in clean[::7])


def test_all_topics_and_assets_occur_with_the_origin_generated(clean: list[Message]) -> None:
    assert {(m.topic, m.key.decode()) for m in clean} == {(t, s) for t in FEED_TOPICS for s in ASSETS}
    assert {json.loads(m.value or b"")["origin"] for m in clean} == {"generated"}


def test_no_id_occurs_twice_in_a_clean_feed(clean: list[Message]) -> None:
    assert len({(m.topic, message_id(m)) for m in clean}) == len(clean)


def test_messages_come_in_the_order_of_publication_and_never_before_their_event(clean: list[Message]) -> None:
    assert clean == sorted(clean, key=lambda message: message.publish_us)
    assert all(int(message_id(m).split(":")[1]) < m.publish_us for m in clean)


def test_windows_that_touch_hold_what_one_window_holds() -> None:
    cuts = [NOON_US, NOON_US + 1, NOON_US + HOUR_US, NOON_US + HOUR_US * 7 // 3, NOON_US + 4 * HOUR_US]

    whole = messages_between(FAULTY, start_us=cuts[0], end_us=cuts[-1])
    parts = [
        message
        for start_us, end_us in pairwise(cuts)
        for message in messages_between(FAULTY, start_us=start_us, end_us=end_us)
    ]

    assert sorted(map(repr, parts)) == sorted(map(repr, whole))


def test_a_denser_feed_repeats_the_sparser_one_byte_for_byte(clean: list[Message]) -> None:
    dense = replace(CLEAN, live=density_for_rate(10, frozenset(ASSETS)), live_from_us=0)

    denser = messages_between(dense, start_us=NOON_US, end_us=NOON_US + HOUR_US)
    sparser = [message for message in clean if message.publish_us < NOON_US + HOUR_US]

    assert {m.value for m in sparser} <= {m.value for m in denser}
    assert len(denser) == pytest.approx(36_000, rel=0.35)


def test_another_seed_is_another_market_with_other_ids(clean: list[Message]) -> None:
    bitcoin = Feed(seed=8, symbols=frozenset({"btc"}))

    other = messages_between(bitcoin, start_us=NOON_US, end_us=NOON_US + HOUR_US)

    assert {message_id(m) for m in other}.isdisjoint({message_id(m) for m in clean})


def test_linked_news_are_another_market_with_the_same_texts(clean: list[Message]) -> None:
    linked = messages_between(
        Feed(seed=7, behaviour=Behaviour(link=1.0)), start_us=NOON_US, end_us=NOON_US + HOUR_US
    )
    unlinked = [m for m in clean if m.publish_us < NOON_US + HOUR_US]
    unlinked_ids = {message_id(m) for m in unlinked}

    shared = {m.topic for m in linked if message_id(m) in unlinked_ids}

    assert shared == {"analyzed-sentiment"}
    assert len(linked) == len(unlinked)


def test_fewer_symbols_leave_the_others_as_they_are(clean: list[Message]) -> None:
    few = Feed(seed=7, symbols=frozenset({"btc", "dot"}))

    messages = messages_between(few, start_us=NOON_US, end_us=NOON_US + 12 * HOUR_US)

    assert {m.value for m in messages} == {m.value for m in clean if m.key in (b"btc", b"dot")}


def test_a_backfill_of_a_week_has_the_promised_size(clean: list[Message]) -> None:
    assert 150_000 < len(clean) * 14 < 250_000


def test_faults_have_their_rates() -> None:
    messages = messages_between(FAULTY, start_us=NOON_US, end_us=NOON_US + 12 * HOUR_US)
    good = [message for message in messages if rule_of(message) is None]
    ages_us = [m.publish_us - int(message_id(m).split(":")[1]) for m in good]
    copies = Counter(m.value for m in good)

    assert 1 - len(good) / len(messages) == pytest.approx(0.02, rel=0.5)
    assert len(good) / len(copies) - 1 == pytest.approx(0.05, rel=0.3)
    assert sum(age > 100_000_000 for age in ages_us) / len(good) == pytest.approx(0.065, rel=0.4)
    assert max(ages_us) > 2 * HOUR_US


def test_what_comes_twice_is_the_same_and_never_a_contradiction() -> None:
    messages = messages_between(FAULTY, start_us=NOON_US, end_us=NOON_US + 6 * HOUR_US)
    values: dict[tuple[str, str], set[bytes | None]] = {}
    for message in messages:
        if rule_of(message) is None:
            values.setdefault((message.topic, message_id(message)), set()).add(message.value)

    assert {len(same) for same in values.values()} == {1}


@pytest.mark.parametrize("poison", POISONS)
def test_each_poison_breaks_its_rule_whatever_it_is_made_from(clean: list[Message], poison: str) -> None:
    rules = Counter()
    for message in clean[::97]:
        if poison in ("score_too_high", "price_below_zero", "interval_reversed"):
            field = {"score_too_high": "score", "price_below_zero": "price", "interval_reversed": "lower"}[
                poison
            ]
            if field not in json.loads(message.value or b""):
                continue
        key, value = POISONS[poison](CONTRACTS[message.topic], json.loads(message.value or b""), message.key)
        rules[rule_of(Message(topic=message.topic, key=key, value=value, publish_us=message.publish_us))] += 1

    assert set(rules) == {EXPECTED_RULES[poison]}


def test_poison_is_never_good_and_covers_its_ways(clean: list[Message]) -> None:
    rules = {rule_of(to_poison(message, draw / 40 + 0.001)) for message in clean[::977] for draw in range(40)}

    assert None not in rules
    assert rules == set(EXPECTED_RULES.values()) <= set(RULES)
