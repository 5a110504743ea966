"""Options of the feed, its state file, its split of the work, and its progress lines."""

import io
import json
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lakehouse.messages.contract import RAW_PRICE
from streaming.feed.__main__ import main
from streaming.feed.faults import NO_FAULTS
from streaming.feed.options import DEFAULT_FAULTS, Options
from streaming.feed.publication import commands
from streaming.feed.publication.backfill import Task, messages_of, select_evenly, split_task
from streaming.feed.publication.progress import Progress
from streaming.feed.publication.state import FeedState, read_state, resume_us, write_state
from streaming.feed.stream import Feed
from streaming.kafka.messages import to_value

HOUR_US = 3_600_000_000
NOON_US = 1_772_366_400_000_000
STATE = FeedState(seed=7, symbols=("btc",), topic_ids=("A", "B"), from_us=1_000, until_us=9_000)


@pytest.fixture
def signals() -> Iterator[None]:
    """Restore the signal handlers that the command line replaces."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_state_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "feed.json"

    write_state(path, STATE)

    assert read_state(path) == STATE
    assert [file.name for file in path.parent.iterdir()] == ["feed.json"]


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b'{"seed": 1}', b"\xff"])
def test_a_state_that_cannot_be_read_is_no_state(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "feed.json"
    if content is not None:
        path.write_bytes(content)

    assert read_state(path) is None
    assert read_state(None) is None


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (None, 5_000),
        (STATE, 9_000),
        (replace(STATE, until_us=99_000), 20_000),
        (replace(STATE, seed=8), 5_000),
        (replace(STATE, variant="link1"), 5_000),
        (replace(STATE, topic_ids=("A", "C")), 5_000),
        (replace(STATE, symbols=("eth",)), 5_000),
        (replace(STATE, from_us=6_000), 5_000),
        (replace(STATE, until_us=4_000), 5_000),
    ],
)
def test_a_backfill_begins_after_what_is_published(known: FeedState | None, expected: int) -> None:
    required = replace(STATE, from_us=5_000, until_us=20_000)

    assert resume_us(known, required) == expected


def test_work_is_split_by_symbol_and_together_is_the_whole() -> None:
    whole = Task(feed=Feed(seed=7), start_us=NOON_US, end_us=NOON_US + HOUR_US)

    parts = split_task(whole, 3)

    assert sorted(symbol for part in parts for symbol in part.feed.symbols) == sorted(whole.feed.symbols)
    values = {m.value for part in parts for _, messages in messages_of(part) for m in messages}
    assert values == {m.value for _, messages in messages_of(whole) for m in messages}


def test_shares_of_a_count_add_up() -> None:
    task = Task(feed=Feed(seed=7), start_us=NOON_US, end_us=NOON_US + HOUR_US, n_messages=1_001)

    assert sum(part.n_messages or 0 for part in split_task(task, 3)) == 1_001
    assert [len(part.feed.symbols) for part in split_task(task, 99)] == [1] * 8


def test_a_counted_task_holds_exactly_so_many_over_all_its_windows() -> None:
    task = Task(feed=Feed(seed=7), start_us=NOON_US, end_us=NOON_US + 15 * HOUR_US, n_messages=5_003)

    chosen = [message for _, messages in messages_of(task) for message in messages]

    assert len(chosen) == 5_003
    assert len({message.value for message in chosen}) == 5_003


def test_a_second_holds_as_many_messages_as_are_requested() -> None:
    for n in (0, 1, 500):
        assert len(select_evenly(Feed(seed=7), start_us=NOON_US, end_us=NOON_US + 1_000_000, n=n)) == n


def test_options_have_defaults_and_a_burst_is_clean_and_another_each_time(
    monkeypatch: pytest.MonkeyPatch, signals: None
) -> None:
    published: list[Options] = []
    monkeypatch.setattr(commands, "publish", lambda _, options, *__: published.append(options) or 0)

    codes = [main(arguments.split()) for arguments in ("run", "burst --count 5", "burst --count 5")]

    run, burst, again = published
    assert codes == [0, 0, 0]
    assert (run.feed.seed, run.rate, run.days, run.feed.fault_rates) == (7, 20.0, 7.0, DEFAULT_FAULTS)
    assert (burst.rate, burst.n_messages, burst.feed.fault_rates) == (None, 5, NO_FAULTS)
    assert burst.feed.seed != again.feed.seed


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ("run --rate 0", "from 0.5 to 2000"),
        ("run --rate nan", "from 0.5 to 2000"),
        ("run --symbols btc,shib", "choose among btc,eth"),
        ("run --poison 2", "a share from 0 to 0.5"),
        ("backfill --days -1", "days, above 0"),
        ("burst", "--count"),
        ("burst --count 0", "from 1"),
        ("", "{backfill,live,run,burst}"),
    ],
)
def test_a_wrong_option_is_named_with_what_it_takes(
    arguments: str, problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments.split()) == 2

    assert problem in capsys.readouterr().err


def test_help_teaches_by_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0

    page = capsys.readouterr().out
    assert "python -m streaming.feed run --days 7" in page
    assert '"generated"' in page


def test_progress_prints_share_rate_and_remaining_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 10.0, 10.0, 20.0])
    monkeypatch.setattr("streaming.feed.publication.progress.time.monotonic", lambda: next(clock))
    stream = io.StringIO()
    progress = Progress("backfill", stream=stream)

    progress.update(5_000, share=0.25)
    progress.finish()

    assert stream.getvalue() == (
        "feed: backfill  25% 5,000 messages 500/s 30 s left\n"
        "feed: backfill done: 5,000 messages in 20.0 s, 250.0/s\n"
    )


def test_a_field_that_the_contract_does_not_know_is_refused() -> None:
    with pytest.raises(TypeError, match="raw-price has no field cost"):
        to_value(RAW_PRICE, event_time_us=NOON_US, natural_key=("1",), base="btc", cost=1.0)


def test_a_message_is_the_contract_s_json() -> None:
    value = to_value(RAW_PRICE, event_time_us=NOON_US, natural_key=("simx", "1"), base="btc", price=1.5)

    assert json.loads(value) == {
        "v": 1,
        "message_id": "btc:1772366400000000:6aef2c3730d0140a1321",
        "origin": "generated",
        "exchange_time": "2026-03-01T12:00:00.000Z",
        "base": "btc",
        "price": 1.5,
    }
