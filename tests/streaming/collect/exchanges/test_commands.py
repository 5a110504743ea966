"""Commands that list what exchanges did not deliver and what was not published, and that check a file of sources."""

import json
from pathlib import Path

import pytest

from streaming.collect.__main__ import main
from streaming.collect.exchanges.market_state import MAX_GAPS, Gap, MarketState, add_gap
from streaming.collect.exchanges.refused import append_refused, find_refused, to_refused
from streaming.collect.exchanges.trade import Trade
from streaming.collect.state import StateStore
from tests.support.exchange_server import serve_market
from tests.support.scripted_server import ScriptedServer

GAP = Gap(
    after_time="2026-01-20T00:00:00Z",
    before_time="2026-01-20T00:10:00Z",
    n_missing=7,
    cause="the exchange left out numbered trades",
    noticed_time="2026-01-20T00:11:00Z",
)
TRADE = Trade("9", 1_795_608_000_000, 1e-6, 0.5, '["0.000001"]')
TROUBLED = MarketState(
    gaps=[GAP], held=[TRADE], clock_offset_ms=360_000, n_failures=3, problem="RequestTimeout: GET /trades"
)


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    store = StateStore(tmp_path / "raw-price" / "topicid")
    store.write("simx-btc-usd", TROUBLED)
    store.write("simx-eth-usd", MarketState())
    append_refused(store, "simx-btc-usd", [to_refused(TRADE, "absurd", now_us=1_795_608_001_000_000)])
    return tmp_path


def test_gaps_held_trades_wrong_clocks_and_failures_are_printed_as_text(
    state_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["gaps", "--state", str(state_dir)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "simx-btc-usd  2026-01-20T00:00:00Z to 2026-01-20T00:10:00Z  trades missing: 7  "
        "the exchange left out numbered trades",
        "simx-btc-usd  held: 1 trades at another level of prices wait for more like them",
        "simx-btc-usd  clock: this machine's is 360 s behind the exchange's; "
        "one of them is wrong, and the newest trades wait",
        "simx-btc-usd  failed 3 times: RequestTimeout: GET /trades",
    ]


def test_gaps_held_trades_wrong_clocks_and_failures_are_printed_as_json(
    state_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["gaps", "--state", str(state_dir), "--json"]) == 0
    gap, held, clock, failing = map(json.loads, capsys.readouterr().out.splitlines())
    assert gap == {
        "market": "simx-btc-usd",
        "kind": "gap",
        "after_time": "2026-01-20T00:00:00Z",
        "before_time": "2026-01-20T00:10:00Z",
        "n_missing": 7,
        "cause": "the exchange left out numbered trades",
        "noticed_time": "2026-01-20T00:11:00Z",
    }
    assert (held["kind"], held["trades"][0]["id"]) == ("held", "9")
    assert clock == {"market": "simx-btc-usd", "kind": "clock", "exchange_ahead_seconds": 360.0}
    assert (failing["kind"], failing["n_failures"]) == ("failing", 3)


@pytest.mark.parametrize("text", ["\x1b[2J", "a\nsimx-eth-usd  no gap", "a\r", "\u202e", "\x9b1A"])
def test_what_an_exchange_wrote_moves_no_cursor_of_a_terminal(
    state_dir: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    store = StateStore(state_dir / "raw-price" / "topicid")
    store.write("simx-eth-usd", MarketState(n_failures=1, problem=text))
    trade = Trade(text, TRADE.time_ms, 1.0, 1.0, "{}")
    append_refused(store, "simx-eth-usd", [to_refused(trade, "absurd", now_us=1_795_608_001_000_000)])

    assert main(["gaps", "--state", str(state_dir)]) == 0
    assert main(["refused", "--state", str(state_dir)]) == 0

    printed = capsys.readouterr().out
    assert text not in printed
    assert all(line.isprintable() for line in printed.split("\n"))
    assert len(printed.splitlines()) == 4 + 1 + 2


@pytest.mark.parametrize(("command", "nothing"), [("gaps", "no gap"), ("refused", "no refused trade")])
def test_absence_is_printed_as_text_and_is_empty_as_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str, nothing: str
) -> None:
    assert main([command, "--state", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"{nothing} in {tmp_path}\n"
    assert main([command, "--state", str(tmp_path), "--json"]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("command", ["gaps", "refused"])
def test_a_folder_that_does_not_exist_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert main([command, "--state", str(tmp_path / "absent")]) == 1
    assert "did a collector run" in capsys.readouterr().err


def test_unreadable_state_is_named(state_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = state_dir / "raw-price" / "topicid" / "simx-btc-usd.json"
    path.write_text("{")
    assert main(["gaps", "--state", str(state_dir)]) == 1
    assert str(path) in capsys.readouterr().err


def test_refused_trades_are_printed_with_raw_text_and_reason(
    state_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["refused", "--state", str(state_dir)]) == 0
    assert main(["refused", "--state", str(state_dir), "--json"]) == 0
    text, as_json = capsys.readouterr().out.splitlines()
    assert text == "simx-btc-usd  2026-11-25T12:00:00Z  price 1e-06  id 9  absurd"
    assert json.loads(as_json) == {
        "market": "simx-btc-usd",
        "trade_id": "9",
        "time": "2026-11-25T12:00:00Z",
        "price": 1e-06,
        "amount": 0.5,
        "reason": "absurd",
        "noticed_time": "2026-11-25T12:00:01Z",
        "raw": '["0.000001"]',
    }


def test_a_repeated_or_cut_record_hides_no_other_one(state_dir: Path) -> None:
    store = StateStore(state_dir / "raw-price" / "topicid")
    path = state_dir / "raw-price" / "topicid" / "simx-btc-usd.refused.jsonl"
    first = path.read_bytes()
    path.write_bytes(first + first + first[:40])  # a kill before the state was stored, and one within a line
    other = to_refused(Trade("10", 10**300, None, None, "{}"), "an impossible time", now_us=0)
    append_refused(store, "simx-btc-usd", [other])

    found = [(refused.trade_id, refused.time) for _, refused in find_refused(state_dir)]

    assert found == [("9", "2026-11-25T12:00:00Z"), ("10", str(10**300))]


def test_the_oldest_gaps_are_joined_and_none_is_forgotten() -> None:
    gaps: list[Gap] = []
    for number in range(MAX_GAPS + 50):
        time = f"2026-01-20T{number // 60:02}:{number % 60:02}:00Z"
        gaps = add_gap(gaps, Gap(after_time=time, before_time=time, n_missing=1, cause="", noticed_time=time))

    assert len(gaps) == MAX_GAPS
    assert sum(gap.n_missing or 0 for gap in gaps) == MAX_GAPS + 50
    assert (gaps[0].after_time, gaps[0].before_time) == ("2026-01-20T00:00:00Z", "2026-01-20T00:50:00Z")


@pytest.fixture
def sources(tmp_path: Path, server: ScriptedServer) -> Path:
    serve_market(server)
    path = tmp_path / "sources.toml"
    path.write_text(
        f"""
        [[scripted.prices]]
        exchange = "kraken"
        venue = "simx"
        symbols = ["BTC/USD", {{symbol = "ETH/USD", base = "ether"}}]
        url = "{server.url()}"
        """,
        encoding="utf-8",
    )
    return path


def check(sources: Path, *options: str) -> int:
    return main(["check", "--sources", str(sources), *options])


def test_a_file_of_sources_is_checked_without_a_request(
    sources: Path, server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(sources) == 0
    assert capsys.readouterr().out == "scripted: 0 feeds, 2 markets\n"
    assert server.asked == []


def test_a_market_that_an_exchange_does_not_have_is_named(
    sources: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(sources, "--markets") == 1
    printed = capsys.readouterr()
    assert "simx: BTC/USD is published as btc/usd" in printed.out
    assert "simx: kraken has no market ETH/USD" in printed.err


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('"kraken"', '"krakn"', "did you mean kraken?"),
        ("BTC/USD", "BTC/USD:USD", "is a derivative; a spot market such as BTC/USD is accepted"),
        ("BTC/USD", "币/USD", 'name it: {symbol = "币/USD", base = "..."}'),
        ("venue =", "venu =", "did you mean venue?"),
    ],
)
def test_what_cannot_work_is_refused_by_the_check_and_by_the_collector(
    sources: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, problem: str
) -> None:
    sources.write_text(sources.read_text().replace(old, new), encoding="utf-8")
    collect = ["prices", "--sources", str(sources), "--profile", "scripted", "--print", "--seconds", "1"]

    assert check(sources) == 1
    by_check = capsys.readouterr().err
    assert main(collect) == 1
    by_collector = capsys.readouterr().err

    assert problem in by_check
    assert problem in by_collector


def test_every_profile_that_is_bundled_can_work(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 0
    assert capsys.readouterr().out == "offline: 5 feeds, 8 markets\npublic: 6 feeds, 10 markets\n"
