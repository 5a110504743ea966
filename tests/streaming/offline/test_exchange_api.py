"""The offline exchange's answers and what it says that it gave: the same trades, at any instants."""

from hypothesis import given
from hypothesis import strategies as st

from streaming.offline.exchange_api import ExchangeApi
from streaming.offline.news_wire import NewsWire
from streaming.offline.trades import TradeBook

MINUTE_US = 60_000_000
NOON_US = 1_795_608_000_000_000  # 2026-11-25T12:00:00Z
SYMBOLS = ("eth", "sol", "ada")


def new_exchange(*, a_minute: int, first_us: int) -> ExchangeApi:
    wire = NewsWire(seed=7, every_seconds=120)
    return ExchangeApi(TradeBook(seed=7, a_minute=a_minute, wire=wire), days=1.0, first_us=first_us)


@given(
    a_minute=st.sampled_from((1, 4, 30, 600)),
    symbol=st.sampled_from(SYMBOLS),
    first_us=st.integers(0, 5 * MINUTE_US).map(NOON_US.__add__),
    passed_us=st.integers(0, 5 * MINUTE_US),
)
def test_what_it_says_that_it_gave_is_what_its_answers_held(
    a_minute: int, symbol: str, first_us: int, passed_us: int
) -> None:
    exchange = new_exchange(a_minute=a_minute, first_us=first_us)
    until_us = first_us + passed_us

    fetched: dict[int, float] = {}
    since_us, is_over = first_us, False
    while not is_over:
        question = {"pair": f"{symbol.upper()}USD", "since": str(since_us * 1_000)}
        answer = exchange.answer("Trades", question, now_us=until_us)
        assert answer is not None
        (rows,) = (value for name, value in answer["result"].items() if name != "last")
        is_over = not {row[6] for row in rows} - fetched.keys()
        fetched |= {row[6]: row[2] for row in rows}
        since_us = int(answer["result"]["last"]) // 1_000

    told = exchange.trades_given(symbol, first_us, until_us)
    assert told.numbers.tolist() == list(fetched)


@given(
    a_minute=st.sampled_from((1, 4, 30)),
    now_us=st.integers(0, 5 * MINUTE_US).map(NOON_US.__add__),
    count=st.integers(1, 40),
)
def test_the_newest_trades_end_with_the_newest(a_minute: int, now_us: int, count: int) -> None:
    exchange = new_exchange(a_minute=a_minute, first_us=0)

    answer = exchange.answer("Trades", {"pair": "ETHUSD", "count": str(count)}, now_us=now_us)
    assert answer is not None
    (rows,) = (value for name, value in answer["result"].items() if name != "last")

    told = exchange.trades_given("eth", now_us - 60 * MINUTE_US, now_us).numbers.tolist()
    assert [row[6] for row in rows] == told[-count:]
