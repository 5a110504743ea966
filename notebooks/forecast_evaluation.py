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
from lakehouse.scores.lead_lag import holm

plt.rcParams.update(
    {"axes.grid": True, "grid.alpha": 0.3, "axes.spines.top": False, "axes.spines.right": False}
)
con = lake.connect()

# %% [markdown]
# ## Forecasts in the lake
# `live`: the broker had the forecast before its target, so the outcome was unknown. `replay`: computed afterwards
# from past data. Only live forecasts are a track record; where a lake has too few, each title below says `replay`.

# %%
counts = con.sql(
    """
    SELECT horizon, model, timeliness, count(*) AS forecasts, count(realised_price) AS "with a price",
        count(DISTINCT symbol) AS assets, max(target_time) AS until
    FROM gold_score GROUP BY ALL ORDER BY any_value(target_time - made_at), model
    """
).df()
print(counts.to_string(index=False))
n_live = counts.loc[counts["timeliness"] == "live", "with a price"].sum()
timeliness = "live" if n_live >= 1_000 else "replay"
print(f"\nevaluated below: {timeliness} forecasts ({n_live:,} live ones have a price)")

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
scores = pd.DataFrame(results)
horizons = scores["horizon"].unique()


def rows_of_models(columns: tuple[str, str, str], reference: str, label: str, title: str) -> None:
    """Draw a panel per horizon with a row per model: the point and its band beside the reference."""
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


rows_of_models(
    ("ratio", "low", "high"), "walk", "error / random walk's", "Error beside the random walk, with 95 % bands"
)
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
opened = lake.table("gold_score").lake
tests = []
for symbol in symbols:
    for score in read_scorecard(opened, symbol=symbol, as_of_us=to_us(last_target)).scores:
        if (score.window, score.timeliness) == ("7d", timeliness) and score.diebold_mariano is not None:
            tests.append((symbol, score.horizon, score.model, score.diebold_mariano.p_value, score.verdict))
tested = pd.DataFrame(tests, columns=["symbol", "horizon", "model", "p", "verdict"])
tested.insert(4, "p, all of these", holm(tested["p"].to_numpy(dtype=float)))
print(
    tested.sort_values("p").head(8).round(3).to_string(index=False)
    if len(tested)
    else f"no {timeliness} forecasts to test"
)

# %% [markdown]
# ## Distributions
# A forecast says a whole distribution. Its CRPS is compared with two references that know less: a normal distribution
# of constant volatility, and one of the average of recent squares. Skill is the share by which the score is lower.
# The verdict is valid however often one looks, over all rows of an asset; the skill's interval is for one look.

# %%
from lakehouse.scores.distribution_card import read_distribution_rows  # noqa: E402

cards = {
    symbol: [
        row
        for row in read_distribution_rows(opened, symbol=symbol, as_of_us=to_us(last_target))
        if row.timeliness == timeliness
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
            "apart": row.score.n_apart,
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
walks = [row for row in cards[symbols[0]] if row.model == "random-walk"]
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
left.set(title=f"Levels of outcomes, {symbols[0]} ({timeliness})", xlabel="level", ylabel="share of outcomes")
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
rows_of_models(
    ("coverage", "cover_low", "cover_high"),
    "nominal",
    "share inside the interval",
    "Coverage of the intervals",
)
print(
    scores[["horizon", "model", "coverage", "cover_low", "cover_high", "nominal", "width"]]
    .round(4)
    .to_string(index=False)
)

# %% [markdown]
# An average hides the time of the misses. Coverage by quarter of a day, over all models: adaptive intervals recover
# after a jump.

# %%
figure, panel = plt.subplots(figsize=(11, 3.4), layout="constrained")
for horizon in horizons:
    of_horizon = rows[rows["horizon"] == horizon].dropna(subset="covered")
    quarter = of_horizon.groupby(of_horizon["target_time"].dt.floor("6h"))["covered"].mean()
    panel.plot(quarter.index, quarter, ".-", lw=1, label=horizon)
panel.axhline(scores["nominal"].mean(), color="tab:red", ls="--", lw=1)
panel.set(
    ylim=(0, 1.03), ylabel="share inside", title=f"Coverage over time, six hours a point ({timeliness})"
)
panel.xaxis.set_major_formatter(mdates.ConciseDateFormatter(panel.xaxis.get_major_locator()))
panel.legend(frameon=False, title="horizon")
plt.show()

# %% [markdown]
# ## Forecasts and prices of one day
# A forecast is drawn at its target. Misses are red.

# %%
day = con.execute(
    """
    SELECT target_time, predicted_price, lower, upper, realised_price FROM gold_score
    WHERE symbol = $symbol AND timeliness = $timeliness AND horizon = '1h' AND realised_price IS NOT NULL
        AND model = (SELECT min(model) FROM gold_score WHERE horizon = '1h')
    QUALIFY target_time > max(target_time) OVER () - INTERVAL 1 DAY
    ORDER BY target_time
    """,
    {"symbol": symbols[0], "timeliness": timeliness},
).df()
missed = day[(day["realised_price"] < day["lower"]) | (day["realised_price"] > day["upper"])]
figure, panel = plt.subplots(figsize=(11, 4), layout="constrained")
panel.fill_between(
    day["target_time"], day["lower"], day["upper"], color="tab:blue", alpha=0.15, lw=0, label="interval"
)
panel.plot(day["target_time"], day["realised_price"], color="0.2", lw=1.2, label="realised price")
panel.plot(
    day["target_time"], day["predicted_price"], color="tab:blue", lw=0.8, label="forecast an hour before"
)
panel.plot(missed["target_time"], missed["realised_price"], "x", color="tab:red", ms=5, label="missed")
panel.set(title=f"{symbols[0]}, 1 h ahead ({timeliness})", ylabel="price")
panel.xaxis.set_major_formatter(mdates.ConciseDateFormatter(panel.xaxis.get_major_locator()))
panel.legend(frameon=False, ncols=4, loc="upper left")
plt.show()
