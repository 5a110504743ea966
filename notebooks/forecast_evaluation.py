# %% [markdown]
# # Forecast skill
# `gold_score` has every forecast beside its realised price, written once, when the outcome is final. Each model is
# compared with the random walk ("the price stays where it is") on the same targets, and each interval with its
# nominal coverage. The models: `docs/models/predictors.md`.

# %%
import matplotlib.dates as mdates
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from lakehouse import lake
from lakehouse.schema.tables import TABLES
from lakehouse.scores.lead_lag import holm

plt.rcParams.update(
    {"axes.grid": True, "grid.alpha": 0.3, "axes.spines.top": False, "axes.spines.right": False}
)
con = lake.connect()
for absent in TABLES.keys() - {name for (name,) in con.sql("SHOW TABLES").fetchall()}:
    con.register(
        absent, TABLES[absent].to_arrow_schema().empty_table()
    )  # a table that is not there yet has no rows

# %% [markdown]
# ## Forecasts in the lake
# `live`: the broker had the forecast before its target, so the outcome was unknown. `replay`: computed afterwards
# from past data. Only live forecasts are a track record; where a lake has too few (under 1,000, and fewer than
# replayed ones), each title below says `replay`.

# %%
counts = con.sql(
    """
    SELECT horizon, model, timeliness, count(*) AS forecasts, count(realised_price) AS "with a price",
        count(DISTINCT symbol) AS assets, max(target_time) AS until
    FROM gold_score GROUP BY ALL ORDER BY any_value(target_time - made_at), model
    """
).df()
print(counts.to_string(index=False) if len(counts) else "no forecast has an outcome yet")
n_live, n_replay = (
    counts.loc[counts["timeliness"] == name, "with a price"].sum() for name in ("live", "replay")
)
timeliness = "live" if n_live >= min(1_000, n_replay) else "replay"
print(
    f"\nevaluated below: {timeliness} forecasts; with a price are {n_live:,} live and {n_replay:,} replayed ones"
)

# %% [markdown]
# ## Error beside the random walk
# The mean absolute error, relative to the price, over the random walk's on the same targets: left of 1 is better.
# All assets of one target are one observation, since they move together, and neighbouring targets overlap. So the
# band comes from a bootstrap of blocks of time, each twice as long as the horizon. With fewer than 30 blocks there is
# no band.

# %%
rows = con.execute(
    """
    SELECT model, horizon, epoch_us(any_value(target_time - made_at)) AS horizon_us, target_time,
        epoch_us(target_time) AS target_us, avg(abs(predicted_price - realised_price) / base_price) AS model_error,
        avg(abs(base_price - realised_price) / base_price) AS walk_error,
        avg((realised_price BETWEEN lower AND upper)::INT) AS covered, avg(nominal_coverage) AS nominal,
        avg((upper - lower) / base_price) AS width
    FROM gold_score
    WHERE timeliness = $timeliness AND realised_price IS NOT NULL
    GROUP BY model, horizon, target_time ORDER BY horizon_us, model, target_time
    """,
    {"timeliness": timeliness},
).df()

N_DRAWS, MIN_BLOCKS = 1_000, 30
rng = np.random.default_rng(0)


def block_draws(targets_us: pd.Series, horizon_us: int) -> np.ndarray | None:
    """Return for each draw the count of each observation: blocks of time of two horizons, with replacement."""
    names, of_row = np.unique(targets_us.to_numpy() // (2 * horizon_us), return_inverse=True)
    if len(names) < MIN_BLOCKS:
        return None
    return rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=N_DRAWS)[:, of_row]


def band_of(numerator: pd.Series, denominator: pd.Series, draws: np.ndarray | None) -> tuple[float, float]:
    if draws is None:
        return np.nan, np.nan
    low, high = np.percentile((draws @ numerator.to_numpy()) / (draws @ denominator.to_numpy()), [2.5, 97.5])
    return low, high


results = []
for (horizon_us, horizon, model), group in rows.groupby(["horizon_us", "horizon", "model"]):
    draws = block_draws(group["target_us"], horizon_us)
    bounded = group.dropna(subset="covered")
    covered_draws = block_draws(bounded["target_us"], horizon_us) if len(bounded) else None
    low, high = band_of(group["model_error"], group["walk_error"], draws)
    cover_low, cover_high = band_of(bounded["covered"], pd.Series(np.ones(len(bounded))), covered_draws)
    results.append(
        {
            "horizon": horizon,
            "model": model,
            "targets": len(group),
            "ratio": group["model_error"].mean() / group["walk_error"].mean(),
            "low": low,
            "high": high,
            "coverage": bounded["covered"].mean(),
            "cover_low": cover_low,
            "cover_high": cover_high,
            "nominal": bounded["nominal"].mean(),
            "width": bounded["width"].mean(),
        }
    )
columns = [
    "horizon",
    "model",
    "targets",
    "ratio",
    "low",
    "high",
    "coverage",
    "cover_low",
    "cover_high",
    "nominal",
    "width",
]
scores = pd.DataFrame(results, columns=columns)
horizons = scores["horizon"].unique()


def rows_of_models(columns: tuple[str, str, str], reference: str, label: str, title: str) -> None:
    """Draw a panel per horizon with a row per model: the point and its band beside the reference."""
    if not len(scores):
        print(f"no picture: no {timeliness} forecast has a realised price")
        return
    value, low, high = columns
    figure, axes = plt.subplots(
        1,
        len(horizons),
        figsize=(3.6 * len(horizons) + 1, 2.9),
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    models = sorted(scores["model"].unique(), reverse=True)
    for panel, horizon in zip(axes.flat, horizons, strict=True):
        of_horizon = scores[scores["horizon"] == horizon].set_index("model").reindex(models)
        rows_at = range(len(models))
        panel.hlines(rows_at, of_horizon[low], of_horizon[high], color="tab:blue", lw=2)
        panel.plot(of_horizon[value], rows_at, "o", color="tab:blue")
        panel.axvline(
            1.0 if reference == "walk" else of_horizon["nominal"].mean(), color="tab:red", ls="--", lw=1
        )
        panel.set_yticks(rows_at, models)
        panel.set(title=horizon, xlabel=label)
        panel.ticklabel_format(axis="x", useOffset=False)
        panel.locator_params(axis="x", nbins=5)
    figure.suptitle(f"{title} ({timeliness})")
    plt.show()


better = scores[scores["high"] < 1]
finding = ", ".join(f"{row.model} {row.horizon}" for row in better.itertuples()) or "none"
no_band = scores["low"].isna()
missing = (
    "" if not no_band.any() else f"; no band for {no_band.sum()} of {len(scores)}: too few blocks of time"
)
rows_of_models(
    ("ratio", "low", "high"),
    "walk",
    "error / random walk's",
    f"Better than the random walk: {finding}{missing}",
)
if len(scores):
    print(scores[["horizon", "model", "targets", "ratio", "low", "high"]].round(4).to_string(index=False))

# %% [markdown]
# ## Tests, adjusted for their number
# The API's scorecard has a Diebold-Mariano test per asset and kind of data. It does not adjust for the number of
# scores: of twenty models without skill, one "beats" the walk at 5 %. Holm's adjustment does, for one look.

# %%
from lakehouse.scores.scorecard import read_scorecard  # noqa: E402
from lakehouse.time_range import to_us  # noqa: E402

((last_target,),) = con.sql("SELECT max(target_time) FROM gold_score").fetchall()
symbols = [symbol for (symbol,) in con.sql("SELECT DISTINCT symbol FROM gold_score ORDER BY 1").fetchall()]
opened = lake.table("gold_score").lake if symbols else None
tests = []
for symbol in symbols:
    for score in read_scorecard(opened, symbol=symbol, as_of_us=to_us(last_target)).scores:
        if (score.window, score.timeliness) == ("7d", timeliness) and score.diebold_mariano is not None:
            tests.append((symbol, score.horizon, score.model, score.diebold_mariano.p_value, score.verdict))
tested = pd.DataFrame(tests, columns=["symbol", "horizon", "model", "p", "verdict"])
p_values = tested["p"].to_numpy(dtype=float)
tested.insert(4, "p, all of these", holm(p_values) if len(p_values) else p_values)
print(
    tested.sort_values("p").head(8).round(3).to_string(index=False)
    if len(tested)
    else f"no asset has enough {timeliness} forecasts of the last seven days for a test"
)

# %% [markdown]
# ## Distributions
# A forecast says a whole distribution. Its CRPS is compared with two references that know less: a normal distribution
# of constant volatility, and one of the average of recent squares. Skill is the share by which the score is lower.
# The verdict is valid however often one looks, over all rows of an asset; the skill's interval is for one look.
# A day's horizon has figures from 90 outcomes on that do not overlap.

# %%
from lakehouse.scores.distribution_card import read_distribution_rows  # noqa: E402

cards = {
    symbol: [
        row
        for row in read_distribution_rows(opened, symbol=symbol, as_of_us=to_us(last_target))
        if row.timeliness == timeliness and row.score is not None
    ]
    for symbol in symbols
}
beside = pd.DataFrame(
    [
        {
            "symbol": symbol,
            "horizon": row.horizon,
            "model": row.model,
            "reference": one.reference,
            "score": one.score,
            "skill": one.skill,
            "low": one.low,
            "high": one.high,
            "verdict": next(v.verdict for v in row.verdicts if v.reference == one.reference),
            "apart": row.n_apart,
        }
        for symbol, card in cards.items()
        for row in card
        for one in row.score.comparisons
    ]
)
print(
    beside[beside["score"] == "crps"].round(3).to_string(index=False)
    if len(beside)
    else "no distribution has a reference yet: that takes a day of forecasts"
)

# %% [markdown]
# Calibration. Left: the share of outcomes at or below each level ought to be the level. Right: of the moves that were
# said to come with a probability of 20 %, a fifth ought to come.

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
for panel in (left, right):
    panel.plot([0, 1], [0, 1], color="0.6", lw=1, ls="--")
first = symbols[0] if symbols else "no asset"
walks = [row for row in cards.get(first, ()) if row.model == "random-walk"]
for row in walks:
    shares = np.cumsum([one.share for one in row.score.levels])
    left.plot([one.high for one in row.score.levels], shares, ".-", lw=1, label=row.horizon)
    for event in row.score.events:
        points = [(one.stated, one.happened) for one in event.reliability if one.n >= 30]
        right.plot(
            [said for said, _ in points],
            [came for _, came in points],
            ".-",
            lw=1,
            label=f"{row.horizon} {event.move:.1%}",
        )
left.set(title=f"Levels of outcomes, {first} ({timeliness})", xlabel="level", ylabel="share of outcomes")
right.set(title="Moves", xlabel="stated probability", ylabel="share that came")
for panel in (left, right):
    if panel.get_legend_handles_labels()[0]:
        panel.legend(frameon=False, fontsize=8)
plt.show()
for row in walks:
    print(
        row.horizon,
        "coverage by tenth of volatility, calmest first:",
        row.score.coverage.by_volatility_decile,
    )

# %% [markdown]
# ## Coverage of the intervals
# The dashed line is the nominal coverage. Narrow intervals that miss too often and wide ones that never miss are
# both wrong; the table has coverage and width.

# %%
off = scores[(scores["cover_high"] < scores["nominal"]) | (scores["cover_low"] > scores["nominal"])]
rows_of_models(
    ("coverage", "cover_low", "cover_high"),
    "nominal",
    "share inside the interval",
    f"Intervals whose coverage is not the nominal one: {len(off)} of {scores['low'].notna().sum()} with a band",
)
if len(scores):
    print(
        scores[["horizon", "model", "coverage", "cover_low", "cover_high", "nominal", "width"]]
        .round(4)
        .to_string(index=False)
    )

# %% [markdown]
# An average hides the time of the misses. Coverage by quarter of a day, over all models: adaptive intervals recover
# after a jump.

# %%
covered = rows.dropna(subset="covered")
span = (covered["target_time"].max() - covered["target_time"].min()) if len(covered) else pd.Timedelta(0)
point = "6h" if span <= pd.Timedelta("14D") else "7D"
groups = {
    horizon: of_horizon.groupby(of_horizon["target_time"].dt.floor(point))["covered"].mean()
    for horizon, of_horizon in covered.groupby("horizon", sort=False)
}
if max(map(len, groups.values()), default=0) < 3:
    print(f"too little for a picture in time: {span} of targets")
else:
    lowest = min(float(line.min()) for line in groups.values())
    figure, panel = plt.subplots(figsize=(11, 3.4), layout="constrained")
    for horizon, line in groups.items():
        panel.plot(line.index, line, ".-", lw=1, label=horizon)
    panel.axhline(scores["nominal"].mean(), color="tab:red", ls="--", lw=1)
    panel.set(
        ylim=(0, 1.03),
        xlabel="target, UTC",
        ylabel="share inside",
        title=f"Coverage over time: at the worst {lowest:.0%} inside, {point} a point ({timeliness})",
    )
    panel.xaxis.set_major_formatter(mdates.ConciseDateFormatter(panel.xaxis.get_major_locator()))
    panel.legend(frameon=False, title="horizon")
    plt.show()

# %% [markdown]
# ## Forecasts and prices of the last day
# Of the asset, horizon and model with the most outcomes. A forecast is drawn at its target. Misses are red.

# %%
most = con.execute(
    """
    SELECT symbol, horizon, model, any_value(quote) AS quote FROM gold_score
    WHERE timeliness = $timeliness AND realised_price IS NOT NULL
    GROUP BY symbol, horizon, model ORDER BY count(*) DESC, symbol, any_value(target_time - made_at), model LIMIT 1
    """,
    {"timeliness": timeliness},
).fetchall()
symbol, chosen_horizon, chosen_model, quote = most[0] if most else (None, None, None, None)
day = con.execute(
    """
    SELECT target_time, predicted_price, lower, upper, realised_price FROM gold_score
    WHERE symbol = $symbol AND timeliness = $timeliness AND horizon = $horizon AND model = $model
        AND realised_price IS NOT NULL
    QUALIFY target_time > max(target_time) OVER () - INTERVAL 1 DAY OR count(*) OVER () <= 400
    ORDER BY target_time
    """,
    {"symbol": symbol, "timeliness": timeliness, "horizon": chosen_horizon, "model": chosen_model},
).df()
bounded = day.dropna(subset=["lower", "upper"])
missed = bounded[
    (bounded["realised_price"] < bounded["lower"]) | (bounded["realised_price"] > bounded["upper"])
]
if len(day) < 3:
    print(f"too little for a picture: {len(day)} forecasts with an outcome")
else:
    figure, panel = plt.subplots(figsize=(11, 4), layout="constrained")
    panel.fill_between(
        day["target_time"], day["lower"], day["upper"], color="tab:blue", alpha=0.15, lw=0, label="interval"
    )
    panel.plot(day["target_time"], day["realised_price"], color="0.2", lw=1.2, label="realised price")
    panel.plot(
        day["target_time"],
        day["predicted_price"],
        color="tab:blue",
        lw=0.8,
        label=f"forecast {chosen_horizon} before",
    )
    panel.plot(missed["target_time"], missed["realised_price"], "x", color="tab:red", ms=5, label="missed")
    inside = (
        f"{1 - len(missed) / len(bounded):.0%} inside the interval" if len(bounded) else "without intervals"
    )
    panel.set(
        title=f"{symbol}, {chosen_model}, {chosen_horizon} ahead: {inside} ({timeliness})",
        xlabel="target, UTC",
        ylabel=f"price, {quote}",
    )
    panel.xaxis.set_major_formatter(mdates.ConciseDateFormatter(panel.xaxis.get_major_locator()))
    panel.legend(frameon=False, ncols=4, loc="upper left")
    plt.show()
