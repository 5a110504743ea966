"""Playback of a recording: the same messages, but for their origin."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from streaming.collect.__main__ import main
from streaming.collect.clock import SystemClock
from streaming.collect.errors import RecordingError
from streaming.collect.recording import Playback, Recorder
from tests.support.exchange_server import TRADES, serve_market, trades_since
from tests.support.feeds import item, rss
from tests.support.scripted_server import Answer, Asked, ScriptedServer

LONG_SECONDS = "60"
Run = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def signals() -> Iterator[None]:
    """Restore the signal handlers that the command line replaces."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def run(signals: None, server: ScriptedServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line on a profile of the scripted server, and return the printed messages."""
    sources = tmp_path / "sources.toml"
    sources.write_text(
        f"""
        [[scripted.news]]
        source = "gazette"
        url = "{server.url("/feed")}"
        poll_seconds = 0.02
        timeout_seconds = 5
        [[scripted.prices]]
        exchange = "kraken"
        venue = "simx"
        symbols = ["BTC/USD"]
        url = "{server.url()}"
        poll_seconds = 0.02
        request_ms = 0
        """,
        encoding="utf-8",
    )

    def run(*arguments: str) -> list[dict[str, Any]]:
        assert main([*arguments, "--sources", str(sources), "--profile", "scripted", "--print"]) == 0
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return run


def without_origin(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in each.items() if name != "origin"} for each in messages]


def test_playback_of_news_gives_the_same_messages_but_for_their_origin(
    server: ScriptedServer, run: Run, tmp_path: Path
) -> None:
    whole = rss(item(2), item(1, date=None))
    server.answer(
        "/moved",
        Answer(headers={"ETag": '"1"'}, body=rss(item(1, date=None))),
        Answer(status=304),
        Answer(status=429, headers={"Retry-After": "0"}),
        Answer(body=whole[:-60]),
        Answer(body=whole),
        Answer(status=410),
    )
    server.answer("/feed", Answer(status=301, headers={"Location": "/moved"}))

    recorded = run("news", "--record", str(tmp_path / "recording"), "--seconds", LONG_SECONDS)
    n_requests = len(server.asked)
    played_back = run("news", "--replay", str(tmp_path / "recording"))

    assert [message["title"] for message in recorded] == ["Text 1", "Text 2"]
    assert recorded[0]["dated_by"] == "first_seen"
    assert without_origin(played_back) == without_origin(recorded)
    assert {message["origin"] for message in recorded} == {"collected"}
    assert {message["origin"] for message in played_back} == {"replay"}
    assert len(server.asked) == n_requests


def test_playback_of_prices_gives_the_same_messages_but_for_their_origin(
    server: ScriptedServer, run: Run, tmp_path: Path
) -> None:
    serve_market(server)
    now_seconds = SystemClock().now_us() / 1e6
    trades = [(number, now_seconds - 600 + number / 10, "100.5") for number in range(1_500)]
    since = trades_since(trades)

    def last(asked: Asked) -> Answer:
        os.kill(os.getpid(), signal.SIGTERM)
        return since(asked)

    server.answer(TRADES, since, Answer(status=500), since, last)

    recorded = run("prices", "--record", str(tmp_path / "recording"), "--seconds", LONG_SECONDS)
    n_requests = len(server.asked)
    played_back = run("prices", "--replay", str(tmp_path / "recording"))

    assert len(recorded) == 1_500
    assert without_origin(played_back) == without_origin(recorded)
    assert {message["origin"] for message in played_back} == {"replay"}
    assert len(server.asked) == n_requests


def test_a_recording_holds_the_raw_bytes_and_when_they_came(tmp_path: Path) -> None:
    clock = SystemClock()
    recorder = Recorder(tmp_path, clock, state_dir=None)

    recorder.add_answer(
        method="GET", url="http://a/", status=200, headers=[("ETag", '"1"')], body=b"\x1f\x8b\x00"
    )
    at_us = clock.now_us()
    playback = Playback(tmp_path)
    answer, body = playback.next_answer(method="GET", url="http://a/")

    assert (answer.status, answer.headers, body) == (200, [["ETag", '"1"']], b"\x1f\x8b\x00")
    assert answer.at_us == playback.clock.now_us() == at_us


def test_no_recording_is_written_over_another(tmp_path: Path) -> None:
    Recorder(tmp_path, SystemClock(), state_dir=None)

    with pytest.raises(RecordingError, match="holds a recording already"):
        Recorder(tmp_path, SystemClock(), state_dir=None)


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()

    for directory in (file, file / "below"):
        with pytest.raises(RecordingError, match="cannot hold a recording"):
            Recorder(directory, SystemClock(), state_dir=None)


def test_a_folder_without_a_recording_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="holds no recording"):
        Playback(tmp_path)
