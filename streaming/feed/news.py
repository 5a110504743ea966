"""Generated texts about assets with their sentiment: few on quiet days, many of one direction in a burst of news."""

from functools import lru_cache

import numpy as np

from lakehouse.messages.contract import ANALYZED_SENTIMENT
from lakehouse.time_range import MINUTE_US
from streaming.feed.headlines import OUTLETS, TEMPLATES, TOPICS, Outlet, Template
from streaming.feed.market import ASSETS
from streaming.feed.noise import Floats, Ints, normal, root_key, smooth_normal, uniform
from streaming.feed.prices.bursts import burst_shape, bursts
from streaming.feed.schedule import Slots, draw_slots
from streaming.kafka.messages import to_rfc3339, to_value

MODEL, MODEL_VERSION = "lexicon", "1.2.0"
NEUTRAL_BELOW = 0.15
_COLLECT_US, _ANALYZE_US = 1_500_000, 900_000


def text_slots(seed: int, symbol: str, *, minutes: Ints, texts_a_minute: Floats) -> Slots:
    """Return when texts about an asset are published: up to eight times as often at the height of a burst."""
    strength, _ = burst_shape(seed, symbol, minutes)
    return draw_slots(seed, "text", symbol, minutes=minutes, expected=texts_a_minute * (1.0 + 2.4 * strength))


def texts_latency_us(slots: Slots) -> Ints:
    """Return the delays from publication to the analysed message."""
    return _collect_us(slots) + (_ANALYZE_US * uniform(slots.keys, 31)).astype(np.int64)


def sentiment_values(seed: int, symbol: str, slots: Slots) -> list[tuple[bytes, ...]]:
    """Return the analysed texts as messages, in the order of the slots."""
    scores = _scores(seed, symbol, slots)
    collected, analyzed = slots.times_us + _collect_us(slots), slots.times_us + texts_latency_us(slots)
    draws = [uniform(slots.keys, purpose).tolist() for purpose in range(33, 39)]
    texts = zip(
        slots.times_us.tolist(),
        scores.tolist(),
        collected.tolist(),
        analyzed.tolist(),
        slots.keys.tolist(),
        *draws,
        strict=True,
    )
    return [(_sentiment_value(seed, symbol, *text),) for text in texts]


def _sentiment_value(
    seed: int,
    symbol: str,
    time_us: int,
    score: float,
    collected_us: int,
    analyzed_us: int,
    key: int,
    *draws: float,
) -> bytes:
    direction = 0 if abs(score) < NEUTRAL_BELOW else (1 if score > 0 else -1)
    outlet, template = _choose(seed, symbol, time_us, direction, draws)
    identity = f"{key:016x}"
    return to_value(
        ANALYZED_SENTIMENT,
        event_time_us=time_us,
        natural_key=(outlet.source, identity, MODEL, MODEL_VERSION),
        symbol=symbol,
        score=score,
        label=("neutral", "positive", "negative")[direction],
        model=MODEL,
        model_version=MODEL_VERSION,
        source=outlet.source,
        title=_title(template, symbol, draws),
        url=f"https://{outlet.host}/{to_rfc3339(time_us)[:10]}/{symbol}-{identity}",
        language=outlet.language,
        terms=template.terms,
        collected_time=to_rfc3339(collected_us),
        analyzed_time=to_rfc3339(analyzed_us),
    )


def _scores(seed: int, symbol: str, slots: Slots) -> Floats:
    """Return scores: a mood that turns in half a day, the direction of a burst while it lasts, the text's own noise."""
    if not len(slots):
        return np.zeros(0)
    minutes = np.arange(int(slots.minutes.min()), int(slots.minutes.max()) + 1, dtype=np.int64)
    strength, direction = burst_shape(seed, symbol, minutes)
    mood = 0.22 * smooth_normal(root_key(seed, "mood", symbol), minutes, knot_minutes=600, purpose=0)
    weight = np.minimum(strength, 1.0)
    raw = 0.04 + mood * (1 - weight) + 0.75 * weight * direction
    indices = slots.minutes - minutes[0]
    scores: Floats = np.round(np.tanh(raw[indices] + 0.33 * normal(slots.keys, 32)), 4)
    return scores


def _collect_us(slots: Slots) -> Ints:
    return (200_000 + _COLLECT_US * -np.log(uniform(slots.keys, 30))).astype(np.int64)


def _choose(
    seed: int, symbol: str, time_us: int, direction: int, draws: tuple[float, ...]
) -> tuple[Outlet, Template]:
    outlet = OUTLETS[int(np.searchsorted(_OUTLET_WEIGHTS, draws[0]))]
    minute = time_us // MINUTE_US
    current = bursts(seed, symbol, minute, minute + 1)
    topic_draw = current[0].topic_draw if current and draws[1] < 0.7 else draws[2]
    choices = _templates(TOPICS[int(topic_draw * len(TOPICS))], direction, outlet.language)
    return outlet, choices[int(draws[3] * len(choices))]


@lru_cache(maxsize=256)
def _templates(topic: str, direction: int, language: str) -> tuple[Template, ...]:
    candidates = tuple(t for t in TEMPLATES if t.language == language and t.direction == direction)
    return tuple(t for t in candidates if t.topic == topic) or candidates


def _title(template: Template, symbol: str, draws: tuple[float, ...]) -> str:
    others = [asset.name for other, asset in ASSETS.items() if other != symbol]
    return template.text.format(
        name=ASSETS[symbol].name,
        ticker=symbol.upper(),
        percent=1 + int(draws[4] * 11),
        million=2 + int(draws[5] * 88),
        rival=others[int(draws[4] * len(others))],
    )


_OUTLET_WEIGHTS = np.cumsum([outlet.weight for outlet in OUTLETS[:-1]])
