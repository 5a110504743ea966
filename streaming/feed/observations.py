"""Generated trades and tickers of each market, as raw-price messages."""

import numpy as np

from lakehouse.messages.contract import RAW_PRICE
from streaming.feed.market import ASSETS, Market
from streaming.feed.noise import Floats, Ints, normal, uniform
from streaming.feed.prices.behaviour import MarketModel
from streaming.feed.prices.bursts import burst_shape
from streaming.feed.prices.interruptions import is_down
from streaming.feed.prices.path import market_prices
from streaming.feed.schedule import Slots, draw_slots
from streaming.kafka.messages import to_value

TRADE_SHARE = 0.65


def observation_slots(
    model: MarketModel, market: Market, *, minutes: Ints, observations_a_minute: Floats
) -> Slots:
    """Return the observations of a market: denser during a burst of news, none while its venue is down."""
    strength, _ = burst_shape(model.seed, market.symbol, minutes)
    expected = observations_a_minute * market.share * (1.0 + 1.2 * strength)
    names = ("price", market.symbol, market.venue, market.quote)
    slots = draw_slots(model.seed, *names, minutes=minutes, expected=expected)
    return slots.where(~is_down(model, market, slots.times_us)) if len(slots) else slots


def observation_latency_us(slots: Slots) -> Ints:
    """Return the delays from the exchange's clock to the broker: tens of milliseconds."""
    return (20_000 - 40_000 * np.log(uniform(slots.keys, 40))).astype(np.int64)


def price_values(model: MarketModel, market: Market, slots: Slots) -> list[tuple[bytes, ...]]:
    """Return the observations as messages, in the order of the slots."""
    asset = ASSETS[market.symbol]
    prices = market_prices(model, market, slots.times_us, slots.keys)
    usd = asset.usual_trade_usd * np.exp(1.3 * normal(slots.keys, 41))
    volumes = np.where(
        uniform(slots.keys, 42) < TRADE_SHARE, np.maximum(np.round(usd / prices, 6), 1e-6), np.nan
    )
    variant = (model.behaviour.variant,) if model.behaviour.variant else ()
    rows = zip(slots.times_us.tolist(), slots.keys.tolist(), prices.tolist(), volumes.tolist(), strict=True)
    return [
        (
            to_value(
                RAW_PRICE,
                event_time_us=time_us,
                natural_key=(market.venue, market.quote, f"{key:016x}", *variant),
                base=market.symbol,
                venue=market.venue,
                quote=market.quote,
                price=price,
                base_volume=None if volume != volume else volume,
            ),
        )
        for time_us, key, price, volume in rows
    ]
