"""Command `python -m streaming.collect gaps`, which lists what exchanges did not deliver."""

import json
from pathlib import Path

import pytest

from streaming.collect.__main__ import main
from streaming.collect.exchanges.market_state import Gap, MarketState
from streaming.collect.state import StateStore

GAP = Gap(
    after_time="2026-01-20T00:00:00Z",
    before_time="2026-01-20T00:10:00Z",
    n_missing=7,
    cause="the exchange left out numbered trades",
    noticed_time="2026-01-20T00:11:00Z",
)


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    store = StateStore(tmp_path / "raw-price" / "topicid")
    store.write("simx-btc-usd", MarketState(gaps=[GAP]))
    store.write("simx-eth-usd", MarketState())
    return tmp_path


def test_gap_is_printed_as_text(state_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gaps", "--state", str(state_dir)]) == 0
    assert capsys.readouterr().out == (
        "simx-btc-usd  2026-01-20T00:00:00Z to 2026-01-20T00:10:00Z  trades missing: 7  "
        "the exchange left out numbered trades\n"
    )


def test_gap_is_printed_as_json(state_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gaps", "--state", str(state_dir), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "market": "simx-btc-usd",
        "kind": "gap",
        "after_time": "2026-01-20T00:00:00Z",
        "before_time": "2026-01-20T00:10:00Z",
        "n_missing": 7,
        "cause": "the exchange left out numbered trades",
        "noticed_time": "2026-01-20T00:11:00Z",
    }


def test_absence_of_gaps_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gaps", "--state", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"no gap in {tmp_path}\n"


def test_unreadable_state_is_named(state_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = state_dir / "raw-price" / "topicid" / "simx-btc-usd.json"
    path.write_text("{")
    assert main(["gaps", "--state", str(state_dir)]) == 1
    assert str(path) in capsys.readouterr().err
