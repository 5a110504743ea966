from lakehouse.series.markets import Asset, Market, MarketRules, SymbolRules

KRAKEN = Market("kraken", "eur")
BINANCE = Market("binance", "usdt")
SIMX = Market("simx", "usd")
HOUR_US = 3_600_000_000


def ranked(*markets: Market, rules: SymbolRules | None = None) -> list[Market]:
    return sorted(markets, key=(rules or SymbolRules()).rank)


def test_preferred_markets_come_first_in_whatever_order_they_are_given() -> None:
    assert ranked(SIMX, KRAKEN, BINANCE) == [BINANCE, KRAKEN, SIMX]
    assert ranked(BINANCE, KRAKEN, SIMX) == [BINANCE, KRAKEN, SIMX]


def test_market_that_no_preference_names_comes_last_by_name() -> None:
    assert ranked(Market("b", "usd"), Market("a", "usd"), Market("a", "eur"), SIMX) == [
        SIMX,
        Market("a", "eur"),
        Market("a", "usd"),
        Market("b", "usd"),
    ]


def test_rules_of_a_symbol_are_for_it_only() -> None:
    rules = MarketRules(symbols={"btc": SymbolRules(preferred=(KRAKEN, BINANCE))})
    assert ranked(BINANCE, KRAKEN, rules=rules.of("btc")) == [KRAKEN, BINANCE]
    assert ranked(BINANCE, KRAKEN, rules=rules.of("eth")) == [BINANCE, KRAKEN]


def test_symbol_stands_for_the_asset_of_the_instant() -> None:
    old, new = Asset(end_us=HOUR_US), Asset(HOUR_US, name="new")
    rules = SymbolRules(assets=(old, new))
    assert [rules.asset_at(us) for us in (0, HOUR_US - 1, HOUR_US, 9 * HOUR_US)] == [old, old, new, new]
