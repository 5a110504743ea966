"""Assignment of texts to stories: a function of the partition's rows alone, however they are cut and come."""

import random
from collections.abc import Sequence
from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from lakehouse.schema.story_table import REACH_US, WINDOW_US
from lakehouse.stories.assignment import Assigner, Assignment, Known, Text
from lakehouse.time_range import DAY_US, HOUR_US

TITLES = (
    "Kraken wins licence to operate in Ireland",
    "Crypto exchange Kraken wins license to operate in Ireland",
    "Gemini wins licence to operate in Ireland",
    "Bitcoin slips below $61,000 as dollar firms",
    "Bitcoin slips below $61K as the dollar firms",
    "Bitcoin slips below $61K as the dollar firms, ether follows",
    None,
    "",
)
START_US = 20_000 * DAY_US


def text(
    offset: int, title: str | None = TITLES[0], *, hours: float = 0.0, is_scored: bool = True, **more: object
) -> Text:
    row = {"symbol": "btc", "topic_id": "T", "partition": 0, **more}
    time_us = START_US + round(hours * HOUR_US)
    message_id = f"{row['symbol']}:{row['partition']}:{offset}"
    return Text(
        **row, offset=offset, time_us=time_us, message_id=message_id, title=title, is_scored=is_scored
    )  # type: ignore[arg-type]


def assign(texts: Sequence[Text], known: Sequence[Known] = ()) -> list[Assignment]:
    assigner = Assigner(known)
    return [assigner.assign(each) for each in texts]


def to_known(texts: Sequence[Text], assigned: Sequence[Assignment]) -> list[Known]:
    return [
        Known(*each[:5], told.story_id, told.is_first, each.title if told.is_first else None, told.counts)
        for each, told in zip(texts, assigned, strict=True)
    ]


@st.composite
def logs(draw: st.DrawFn) -> list[Text]:
    n_texts = draw(st.integers(1, 40))
    return [
        text(
            offset,
            draw(st.sampled_from(TITLES)),
            hours=draw(st.integers(0, 24 * 9)),
            is_scored=draw(st.booleans()),
            symbol=draw(st.sampled_from(["btc", "eth"])),
            partition=draw(st.sampled_from([0, 1])),
        )
        for offset in range(n_texts)
    ]


@given(logs(), st.integers(0, 2**32))
def test_any_cut_into_batches_says_the_same(log: list[Text], seed: int) -> None:
    draw, whole = random.Random(seed), assign(log)
    known: list[Known] = []
    told: list[Assignment] = []
    at = 0
    while at < len(log):
        part = log[at : at + draw.randint(1, 10)]
        times_us = [each.time_us for each in part]
        near = [
            each for each in known if min(times_us) - REACH_US <= each.time_us <= max(times_us) + REACH_US
        ]
        draw.shuffle(near)
        assigned = assign(part, near)
        known += to_known(part, assigned)
        told += assigned
        at += len(part)
    assert told == whole


@given(logs(), st.integers(0, 2**32))
def test_any_order_of_partitions_says_the_same(log: list[Text], seed: int) -> None:
    expected = dict(zip(log, assign(log), strict=True))
    draw = random.Random(seed)
    queues = [
        list(group) for _, group in groupby(sorted(log, key=lambda each: each[2:4]), lambda each: each[2])
    ]
    shuffled = []
    while any(queues):
        shuffled.append(draw.choice([queue for queue in queues if queue]).pop(0))
    assert dict(zip(shuffled, assign(shuffled), strict=True)) == expected


@given(logs(), st.data())
def test_a_replay_beside_what_is_known_of_later_texts_says_the_same(
    log: list[Text], data: st.DataObject
) -> None:
    whole = assign(log)
    kept = data.draw(st.sets(st.sampled_from(range(len(log)))))
    every = to_known(log, whole)
    rest = [at for at in range(len(log)) if at not in kept]
    assert assign([log[at] for at in rest], [every[at] for at in kept]) == [whole[at] for at in rest]


@given(logs())
def test_a_story_is_counted_once_where_one_of_its_texts_has_a_score(log: list[Text]) -> None:
    whole = assign(log)
    scored = {told.story_id for each, told in zip(log, whole, strict=True) if each.is_scored}
    counted = [told.story_id for told in whole if told.counts]
    assert sorted(counted) == sorted(scored)
    assert {told.story_id for told in whole} == {told.story_id for told in whole if told.is_first}


@given(logs())
def test_no_text_is_further_from_its_story_than_the_window(log: list[Text]) -> None:
    for each, told in zip(log, assign(log), strict=True):
        assert abs(each.time_us - told.story_time_us) <= WINDOW_US


def test_a_story_does_not_drift_beyond_two_days() -> None:
    told = assign([text(at, hours=30 * at) for at in range(4)])
    assert [each.story_id for each in told] == ["btc:0:0", "btc:0:0", "btc:0:2", "btc:0:2"]


def test_the_first_text_is_the_one_that_the_broker_had_first() -> None:
    told = assign([text(0, hours=5), text(1, TITLES[1], hours=0)])
    assert [each.story_id for each in told] == ["btc:0:0", "btc:0:0"]


def test_a_story_whose_first_text_has_no_score_is_counted_at_its_first_scored_one() -> None:
    told = assign([text(0, is_scored=False), text(1, hours=1), text(2, hours=2)])
    assert [each.counts for each in told] == [False, True, False]


def test_symbols_and_partitions_have_stories_of_their_own() -> None:
    told = assign([text(0), text(1, symbol="eth"), text(2, partition=1)])
    assert [each.is_first for each in told] == [True, True, True]


def test_of_several_stories_the_most_similar_is_told() -> None:
    told = assign([text(0, TITLES[5]), text(1, TITLES[0]), text(2, TITLES[3]), text(3, TITLES[4])])
    assert told[2].story_id == told[3].story_id
