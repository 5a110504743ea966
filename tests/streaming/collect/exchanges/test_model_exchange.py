"""Collector of one market against a model exchange: what it gives is published once, what it does not is in a gap."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate, chain, repeat

from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st

from streaming.collect.exchanges.known_trades import OVERLAP_MS
from streaming.collect.exchanges.paging import UNKNOWN, Paging
from tests.support.model_collector import GAP_MS, Run, Topic, World, message_id, to_ms
from tests.support.model_exchange import FAULTS, Behaviour, ModelExchange, model_trades
from tests.support.profiles import sized

NOON_MS = 1_795_608_000_000  # 2026-11-25T12:00:00Z
MINUTE_MS = 60_000
BUSY, UNAVAILABLE = FAULTS[0], FAULTS[1]


@st.composite
def trade_times(draw: st.DrawFn) -> list[int]:
    """Return ascending times (ms): steady trading, bursts, crowds in one millisecond, silences."""
    steps: list[int] = []
    for _ in range(draw(st.integers(1, 5))):
        kind = draw(st.sampled_from(("steady", "burst", "crowd", "silence")))
        if kind == "steady":
            steps += [draw(st.integers(1_000, 90_000))] * draw(st.integers(1, 20))
        elif kind == "burst":
            steps += [draw(st.integers(0, 40))] * draw(st.integers(2, 80))
        elif kind == "crowd":
            steps += [500] + [0] * draw(st.integers(1, 30))
        else:
            steps += [draw(st.integers(5, 50)) * MINUTE_MS]
    start_ms = NOON_MS - draw(st.integers(0, 150)) * MINUTE_MS
    return list(accumulate(steps, initial=start_ms))


@st.composite
def exchanges(draw: st.DrawFn) -> tuple[Behaviour, Paging]:
    """Return what an exchange does, and what the collector is told of it."""
    page = draw(st.integers(4, 40))
    window_ms = draw(st.sampled_from((None, 10 * MINUTE_MS, 20 * MINUTE_MS)))
    grain_ms = draw(st.sampled_from((1, 1_000)))
    is_exclusive, gives_last = draw(st.booleans()), draw(st.booleans())
    kept_ms = draw(st.sampled_from((None, None, 30 * MINUTE_MS)))
    behaviour = Behaviour(page=page, tells_time=draw(st.booleans()), kept_ms=kept_ms)
    paging = Paging(page_trades=page)
    kind = draw(st.sampled_from(("since", "until", "ids", "range", "newest", "unknown", "refuses")))
    match kind:
        case "since":
            behaviour = replace(behaviour, window_ms=window_ms, is_exclusive=is_exclusive)
            return behaviour, replace(paging, window_ms=window_ms)
        case "until":
            behaviour = replace(behaviour, window_ms=window_ms, grain_ms=grain_ms, gives_last=gives_last)
            told = replace(paging, window_ms=window_ms, takes_until=True, grain_ms=grain_ms)
            return replace(behaviour, takes_until=True), told
        case "ids":
            window_ms = 10 * MINUTE_MS
            behaviour = replace(behaviour, window_ms=window_ms, takes_until=True, gives_last=gives_last)
            return behaviour, replace(paging, window_ms=window_ms, takes_until=True, ids="from")
        case "range":
            told = replace(paging, newest_only=True, honours_since=False, ids="between")
            return replace(behaviour, honours_since=False, id_range=page), told
        case "newest":
            told = replace(paging, newest_only=True, honours_since=False)
            return replace(behaviour, honours_since=False), told
    behaviour = replace(
        behaviour,
        honours_since=draw(st.booleans()),
        is_exclusive=is_exclusive,
        gives_last=gives_last,
        window_ms=draw(st.sampled_from((None, MINUTE_MS, 10 * MINUTE_MS))),
        grain_ms=grain_ms,
        refuses_since=kind == "refuses",
    )
    return behaviour, UNKNOWN


@st.composite
def runs(draw: st.DrawFn) -> Run:
    behaviour, paging = draw(exchanges())
    counted = ("consecutive", "restarting")
    ids = draw(st.sampled_from(counted if paging.ids else (*counted, "increasing", "text", "none")))
    times_ms = draw(trade_times())
    n_trades = len(times_ms)
    late_ms = draw(st.lists(st.integers(0, 1_500), min_size=n_trades, max_size=n_trades))
    if fullest_instant(times_ms, unit_ms=OVERLAP_MS) >= behaviour.page:
        late_ms = [
            0
        ] * n_trades  # what is late in a crowd that no page holds cannot be told from what is missing
    skew_ms = draw(st.sampled_from((0, 0, -6 * MINUTE_MS, -20 * MINUTE_MS, 6 * MINUTE_MS, 20 * MINUTE_MS)))
    world = World(NOON_MS, skew_ms=skew_ms, mended_ms=NOON_MS + draw(st.integers(0, 90)) * MINUTE_MS)
    consecutive_ids = ids in counted and draw(st.booleans())
    faults = draw(st.lists(st.sampled_from((None, None, *FAULTS)), max_size=20))
    kills = draw(st.lists(st.sampled_from(("", "lost", "unstored")), max_size=8))
    exchange = ModelExchange(
        trades=model_trades(times_ms, ids=ids, late_ms=late_ms),
        behaviour=behaviour,
        paging=paging,
        now_ms=lambda: world.true_ms,
        faults=chain(faults, repeat(None)),
        by_number=consecutive_ids or paging.ids is not None,
    )
    return Run(
        exchange=exchange,
        world=world,
        topic=Topic(kills=chain(kills, repeat(""))),
        history_minutes=draw(st.sampled_from((0, 60, 240))),
        consecutive_ids=consecutive_ids,
    )


def fullest_instant(times_ms: Sequence[int], *, unit_ms: int) -> int:
    """Return the largest number of trades within so many milliseconds."""
    return max(bisect_left(times_ms, at_ms + unit_ms) - bisect_left(times_ms, at_ms) for at_ms in times_ms)


def has_no_crowd(run: Run) -> bool:
    """Return whether no instant, as fine as the exchange can be asked, has more trades than a page holds."""
    behaviour = run.exchange.behaviour
    times_ms = [each.trade.time_ms for each in run.exchange.trades]
    fullest = fullest_instant(times_ms, unit_ms=2 * behaviour.grain_ms + 1)
    return fullest + behaviour.is_exclusive < behaviour.page


def is_honest(run: Run) -> bool:
    """Return whether every trade can be had: the exchange does as the collector is told, and no crowd fills a page."""
    is_told = run.exchange.paging.honours_since and run.exchange.behaviour.kept_ms is None
    return is_told and has_no_crowd(run)


def check(run: Run, restarts: Sequence[bool]) -> None:
    last_ms = max(each.visible_ms for each in run.exchange.trades)
    end_ms = max(last_ms, run.world.mended_ms, NOON_MS) + 30 * MINUTE_MS
    run.live(until_ms=end_ms, restarts=chain(restarts, repeat(False)))

    published = run.published()
    assert published.keys() <= {message_id(each) for each in run.exchange.trades}
    unpublished = run.unpublished()
    lost = [each.trade for each in unpublished if not (run.is_in_gap(each) or run.is_in_first_silence(each))]
    assert not lost
    assert not [each.trade for each in unpublished if each.trade.id in run.given]
    assert run.state.n_refused == 0
    if is_honest(run):
        assert not unpublished
        assert not [gap for gap in run.state.gaps if to_ms(gap.before_time) - to_ms(gap.after_time) < GAP_MS]
        assert not [each.trade for each in run.exchange.trades if run.is_within_gap(each)]
    event(f"honest {is_honest(run)}")
    event(f"gaps {len(run.state.gaps) > 0} unpublished {len(unpublished) > 0}")


def new_run(
    behaviour: Behaviour,
    paging: Paging,
    times_seconds: Sequence[float],
    *,
    ids: str = "increasing",
    skew_minutes: int = 0,
    history_minutes: int = 0,
    faults: Sequence[Exception | None] = (),
) -> Run:
    """Return a run of trades at seconds after noon."""
    world = World(NOON_MS, skew_ms=skew_minutes * MINUTE_MS, mended_ms=NOON_MS)
    times_ms = [NOON_MS + round(seconds * 1_000) for seconds in times_seconds]
    exchange = ModelExchange(
        trades=model_trades(times_ms, ids=ids, late_ms=[0] * len(times_ms)),
        behaviour=behaviour,
        paging=paging,
        now_ms=lambda: world.true_ms,
        faults=chain(faults, repeat(None)),
        by_number=paging.ids is not None,
    )
    topic = Topic(kills=repeat(""))
    return Run(
        exchange=exchange, world=world, topic=topic, history_minutes=history_minutes, consecutive_ids=False
    )


def crowd_that_the_newest_page_shows_later() -> Run:
    told = Paging(page_trades=4, takes_until=True, grain_ms=1_000)
    behaviour = Behaviour(page=4, takes_until=True, grain_ms=1_000, tells_time=False)
    return new_run(behaviour, told, [0, 0.5, 0.5, 0.5, 0.5, 1.5, 2.5, 3.5])


def first_answer_after_trades_are_gone() -> Run:
    behaviour = Behaviour(page=4, kept_ms=30 * MINUTE_MS, tells_time=False)
    faults = (BUSY, UNAVAILABLE, UNAVAILABLE, UNAVAILABLE)
    return new_run(behaviour, Paging(page_trades=4), [-300, -119, 181, 182], skew_minutes=-6, faults=faults)


def next_answer_after_the_last_trade_is_gone() -> Run:
    behaviour = Behaviour(page=4, kept_ms=30 * MINUTE_MS)
    faults = (None, *[UNAVAILABLE] * 4, *[BUSY] * 2)
    return new_run(behaviour, Paging(page_trades=4), [-120, 30, 360], history_minutes=60, faults=faults)


def ids_that_begin_anew_while_the_last_one_is_known() -> Run:
    told = Paging(page_trades=4, window_ms=10 * MINUTE_MS, takes_until=True, ids="from")
    behaviour = Behaviour(page=4, window_ms=10 * MINUTE_MS, takes_until=True)
    return new_run(behaviour, told, [0, *range(100, 109)], ids="restarting")


@example(run=ids_that_begin_anew_while_the_last_one_is_known(), restarts=[])
@example(run=crowd_that_the_newest_page_shows_later(), restarts=[])
@example(run=first_answer_after_trades_are_gone(), restarts=[])
@example(run=next_answer_after_the_last_trade_is_gone(), restarts=[])
@given(run=runs(), restarts=st.lists(st.booleans(), max_size=30))
@settings(max_examples=sized(quick=50, full=150, soak=5_000), suppress_health_check=[HealthCheck.too_slow])
def test_every_trade_is_published_or_in_a_gap(run: Run, restarts: list[bool]) -> None:
    check(run, restarts)
