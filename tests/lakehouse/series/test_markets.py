from lakehouse.series.markets import Market, primary_market

KRAKEN = Market("kraken", "eur")
BINANCE = Market("binance", "usdt")
SIMX = Market("simx", "usd")


def test_most_preferred_market_wins_in_whatever_order_it_was_seen() -> None:
    assert primary_market("btc", [SIMX, KRAKEN, BINANCE]) == BINANCE
    assert primary_market("btc", [BINANCE, KRAKEN, SIMX]) == BINANCE


def test_market_that_no_preference_names_comes_last_by_name() -> None:
    assert primary_market("btc", [Market("b", "usd"), Market("a", "usd")]) == Market("a", "usd")
    assert primary_market("btc", [Market("a", "usd"), SIMX]) == SIMX


def test_override_goes_before_the_preferred_markets_for_its_symbol_only() -> None:
    overrides = {"btc": (KRAKEN,)}
    assert primary_market("btc", [BINANCE, KRAKEN], overrides=overrides) == KRAKEN
    assert primary_market("eth", [BINANCE, KRAKEN], overrides=overrides) == BINANCE


def test_symbol_without_a_market_has_no_primary_one() -> None:
    assert primary_market("btc", []) is None
