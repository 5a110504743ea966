"""Versions of sentiment models: added, published and rolled back by documents that count from an instant on."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.delta.storage import LakeLocation
from lakehouse.errors import SentimentModelError
from lakehouse.sentiment_models.model import CLASSES, N_FEATURES, SentimentModel
from lakehouse.sentiment_models.versions import (
    ADD,
    DEFAULT,
    FOLDER,
    LEAD_US,
    PUBLISH,
    ROLLBACK,
    ModelEvent,
    ModelHistory,
    ModelReader,
    ModelRegistry,
    parse_event,
)

NOW_US = 1_769_851_800_000_000
DAY_US = 86_400_000_000


def model(seed: int = 0) -> SentimentModel:
    random = np.random.default_rng(seed)
    return SentimentModel(
        recipe=1,
        encoder="e" * 64,
        languages=("en",),
        weights=random.normal(size=(len(CLASSES), N_FEATURES)).round(6),
        intercepts=random.normal(size=len(CLASSES)).round(6),
        temperature=0.8,
        shifts=np.array([0.1, 0.0, -0.2]),
    )


class Clock:
    def __init__(self) -> None:
        self.now_us = NOW_US

    def __call__(self) -> int:
        return self.now_us


@pytest.fixture
def lake(tmp_path: Path) -> LakeLocation:
    return LakeLocation.parse(str(tmp_path))


def test_model_is_read_back_as_it_was_added(lake: LakeLocation) -> None:
    number = ModelRegistry(lake, lambda: NOW_US).add(model(), {"verdict": "better"})

    (event,) = ModelReader(lake).refresh().events
    assert (number, event.document, event.report) == (1, 1, {"verdict": "better"})
    assert event.model is not None
    assert event.model.digest == model().digest
    assert np.array_equal(event.model.weights, model().weights)


def test_same_model_added_again_keeps_its_number(lake: LakeLocation) -> None:
    registry = ModelRegistry(lake, lambda: NOW_US)

    assert [registry.add(model(0), {}), registry.add(model(1), {}), registry.add(model(0), {})] == [1, 2, 1]


def test_added_model_runs_in_the_shadow_from_its_instant_on_and_is_not_published(lake: LakeLocation) -> None:
    registry = ModelRegistry(lake, lambda: NOW_US)
    registry.add(model(), {})

    history = registry.history()
    assert [history.shadow_at(NOW_US + LEAD_US - 1), history.shadow_at(NOW_US + LEAD_US)] == [DEFAULT, 1]
    assert history.published_at(NOW_US + DAY_US) == DEFAULT


def test_promotion_counts_from_a_broker_time_on_and_rollback_undoes_it(lake: LakeLocation) -> None:
    clock = Clock()
    registry = ModelRegistry(lake, clock)
    registry.add(model(), {})
    promoted_us = registry.publish(1, from_us=NOW_US + DAY_US)
    clock.now_us = NOW_US + 2 * DAY_US
    number, rolled_back_us = registry.roll_back()

    history = ModelReader(lake).refresh()
    assert (promoted_us, number, rolled_back_us) == (NOW_US + DAY_US, DEFAULT, clock.now_us + LEAD_US)
    instants = (promoted_us - 1, promoted_us, rolled_back_us - 1, rolled_back_us)
    assert [history.published_at(us) for us in instants] == [DEFAULT, 1, 1, DEFAULT]
    assert [history.shadow_at(us) for us in instants] == [1, DEFAULT, DEFAULT, 1]


def test_rollback_before_the_promotion_counts_cancels_it(lake: LakeLocation) -> None:
    registry = ModelRegistry(lake, lambda: NOW_US)
    registry.add(model(), {})
    registry.publish(1, from_us=NOW_US + DAY_US)
    registry.roll_back()

    assert registry.history().published_at(NOW_US + 2 * DAY_US) == DEFAULT


def test_rollbacks_go_back_one_promotion_each(lake: LakeLocation) -> None:
    registry = ModelRegistry(lake, lambda: NOW_US)
    for seed in range(3):
        registry.publish(registry.add(model(seed), {}))

    numbers = [registry.roll_back()[0] for _ in range(3)]

    assert numbers == [3, 1, DEFAULT]
    with pytest.raises(SentimentModelError, match="nothing to roll back"):
        registry.roll_back()


@pytest.mark.parametrize(
    ("number", "from_us", "problem"),
    [(7, None, "no model 7; there are: 1"), (0, None, "no model 0"), (1, NOW_US, "too soon: 5 s from now")],
)
def test_promotion_that_cannot_be_is_refused_and_writes_nothing(
    lake: LakeLocation, number: int, from_us: int | None, problem: str
) -> None:
    registry = ModelRegistry(lake, lambda: NOW_US)
    registry.add(model(), {})

    with pytest.raises(SentimentModelError, match=problem):
        registry.publish(number, from_us=from_us)

    assert lake.names(FOLDER) == [f"{FOLDER}/000001.json"]


def test_writers_at_once_take_different_numbers(lake: LakeLocation) -> None:
    first, second = ModelRegistry(lake, lambda: NOW_US), ModelRegistry(lake, lambda: NOW_US)
    first.history(), second.history()

    assert [first.add(model(0), {}), second.add(model(1), {}), first.add(model(2), {})] == [1, 2, 3]


def _document() -> dict[str, object]:
    return {
        "v": 1,
        "kind": "add",
        "effective_time": "2026-01-31T09:30:00Z",
        "digest": model().digest,
        "model": model().to_json(),
    }


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"kind": "delete"},
        {"digest": "00000000"},
        {"model": None},
        {"model": {**model().to_json(), "weights": [[0.0] * N_FEATURES] * 2}},
        {"model": {**model().to_json(), "weights": [[0.0] * (N_FEATURES - 1)] * 3}},
        {"model": {**model().to_json(), "intercepts": [0.0, 1e9, 0.0]}},
        {"model": {**model().to_json(), "temperature": 0.0}},
        {"model": {**model().to_json(), "code": "import os"}},
        {"effective_time": "yesterday"},
    ],
)
def test_malformed_document_counts_as_absent_and_what_was_published_stays(
    lake: LakeLocation, change: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    registry = ModelRegistry(lake, lambda: NOW_US)
    registry.add(model(1), {})
    registry.publish(1)
    assert lake.put_if_absent(f"{FOLDER}/000003.json", json.dumps(_document() | change).encode())

    history = ModelReader(lake).refresh()

    assert (list(history.models), history.published_at(NOW_US + DAY_US)) == ([1], 1)
    assert caplog.text.count("000003.json") == 1


def test_document_after_a_malformed_one_has_the_next_number(lake: LakeLocation) -> None:
    assert lake.put_if_absent(f"{FOLDER}/000001.json", b"{")

    assert ModelRegistry(lake, lambda: NOW_US).add(model(), {}) == 2


@given(st.binary(max_size=200))
def test_any_bytes_are_a_document_or_a_sentiment_model_error(content: bytes) -> None:
    with pytest.raises(SentimentModelError):
        parse_event(1, content)


_changes = st.lists(st.tuples(st.sampled_from((PUBLISH, ROLLBACK)), st.integers(0, 20)), max_size=8)


@given(changes=_changes, split=st.integers(0, 8), time_us=st.integers(0, 20))
def test_what_is_published_at_a_time_does_not_change_by_later_documents_that_count_later(
    changes: list[tuple[str, int]], split: int, time_us: int
) -> None:
    added = ModelEvent(document=1, kind=ADD, effective_us=0, number=DEFAULT, model=model())
    events = [
        ModelEvent(
            document=at, kind=kind, effective_us=effective_us, number=1 if kind == PUBLISH else DEFAULT
        )
        for at, (kind, effective_us) in enumerate(changes, start=2)
    ]
    before = ModelHistory((added, *events[:split]))
    later = [event for event in events[split:] if event.effective_us > time_us]

    assert ModelHistory((*before.events, *later)).published_at(time_us) == before.published_at(time_us)


def test_probabilities_sum_to_one_and_rows_do_not_depend_on_each_other() -> None:
    features = np.random.default_rng(5).normal(size=(40, N_FEATURES))
    decisions = model().to_decisions(features)
    shares = model().to_probabilities(decisions)

    assert np.allclose(shares.sum(axis=1), 1)
    for row in range(len(features)):
        assert np.array_equal(model().to_decisions(features[row : row + 1])[0], decisions[row])
