# %% [markdown]
# # Does sentiment lead the price?
# The analysis excludes four common errors:
#
# 1. **Look-ahead.** A step's sentiment uses texts published before the step ended; the price of an instant is the
#    last one at or before it. Lag 1 relates a finished step to the return of the *next* one.
# 2. **Autocorrelation.** Sentiment is autocorrelated for hours, so neighbouring points are not independent. Bands
#    come from a block bootstrap, the test from rotating one series against the other.
# 3. **Many lags.** The test's statistic is the *largest* correlation over all lags, so testing many
#    makes none significant.
# 4. **Many assets.** p-values are adjusted for the number of assets (Holm).
#
# In the demo the market is generated, and unless it is started with a link, news and prices are independent: "no" is
# the right answer there.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from lakehouse import lake
from lakehouse.schema.tables import TABLES
from lakehouse.scores.lead_lag import holm, lead_lag

plt.rcParams.update(
    {"axes.grid": True, "grid.alpha": 0.3, "axes.spines.top": False, "axes.spines.right": False}
)

MAX_LAG = 16  # steps
BLOCK_STEPS = 16
MIN_STEPS = 2 * (10 + 4 * MAX_LAG)  # each half has to be enough for every lag
MAX_STEPS = 3_000
con = lake.connect()
for absent in TABLES.keys() - {name for (name,) in con.sql("SHOW TABLES").fetchall()}:
    con.register(
        absent, TABLES[absent].to_arrow_schema().empty_table()
    )  # a table that is not there yet has no rows

((first, last),) = con.sql("SELECT min(event_time), max(event_time) FROM gold_price").fetchall()
span = pd.Timedelta(last - first) if first else pd.Timedelta(0)
widths = [pd.Timedelta(width) for width in ("1min", "15min", "1h", "6h", "1D")]
STEP = next((width for width in widths if span <= MAX_STEPS * width), widths[-1])
hours = STEP / pd.Timedelta("1h")
print(f"prices of {span}; a step is {STEP}, lags reach {MAX_LAG * hours:.2f} h")

# %% [markdown]
# ## One grid
# The price at each step's end: the last observation at or before it, of one venue, and none where it is older than
# a step (a gap is not a constant price). Sentiment of a step: the mean over texts with `event_time`
# in it, and null without texts. `event_time` is when a text was published; a trader has to add the delay: in a lake
# that was collected live, use `analyzed_time` instead.

# %%
PRICES = """
WITH steps AS (
    SELECT unnest(generate_series(
        time_bucket($step::INTERVAL, min(event_time)) + $step::INTERVAL, max(event_time), $step::INTERVAL
    )) AS step_end
    FROM gold_price WHERE symbol = $symbol
), market AS (
    SELECT event_time, price FROM gold_price
    WHERE symbol = $symbol AND venue = (SELECT mode(venue) FROM gold_price WHERE symbol = $symbol)
)
SELECT step_end, CASE WHEN step_end - event_time <= $step::INTERVAL THEN price END AS price
FROM steps ASOF LEFT JOIN market ON step_end >= event_time
ORDER BY step_end
"""
TONES = """
SELECT time_bucket($step::INTERVAL, event_time) + $step::INTERVAL AS step_end, avg(score) AS score, count(*) AS n_texts
FROM gold_sentiment WHERE symbol = $symbol GROUP BY ALL
"""


def grid_of(symbol: str) -> pd.DataFrame:
    """Return for each step end the log return, the mean score and the number of texts of the step."""
    bound = {"symbol": symbol, "step": f"{round(STEP.total_seconds())} seconds"}
    prices = con.execute(PRICES, bound).df().set_index("step_end")
    grid = prices.join(con.execute(TONES, bound).df().set_index("step_end"))
    grid["log_return"] = np.log(grid["price"]).diff()
    return grid


symbols = [
    symbol for (symbol,) in con.sql("SELECT DISTINCT symbol FROM gold_sentiment ORDER BY 1").fetchall()
]
priced = {symbol for (symbol,) in con.sql("SELECT DISTINCT symbol FROM gold_price").fetchall()}
all_grids = {symbol: grid_of(symbol) for symbol in symbols if symbol in priced}
grids = {
    symbol: grid
    for symbol, grid in all_grids.items()
    if len(grid) >= MIN_STEPS and min(grid["score"].count(), grid["log_return"].count()) >= MAX_LAG
}
left_out = {symbol: "no price" for symbol in symbols if symbol not in priced}
left_out |= dict.fromkeys(all_grids.keys() - grids.keys(), "too few steps")
for symbol, reason in sorted(left_out.items()):
    print(f"left out: {symbol} ({reason})")
counts = pd.DataFrame(
    {
        symbol: {
            "steps": len(grid),
            "with texts": grid["score"].count(),
            "returns": grid["log_return"].count(),
        }
        for symbol, grid in all_grids.items()
    }
).T
print(counts if len(counts) else "no asset has texts and prices")

# %% [markdown]
# ## Correlation at each lag
# Right of 0 sentiment came first; left of it the price did. The band is pointwise and 95 % wide. The dashed lines
# are exceeded by the largest of all lags on the right by chance once in twenty times: only a point beyond them counts.

# %%
results = {
    symbol: lead_lag(
        grid["score"].to_numpy(), grid["log_return"].to_numpy(), max_lag=MAX_LAG, block_steps=BLOCK_STEPS
    )
    for symbol, grid in grids.items()
}
if results:
    n_columns = min(4, len(results))
    n_rows = -(-len(results) // n_columns)
    figure, axes = plt.subplots(
        n_rows,
        n_columns,
        figsize=(3.4 * n_columns + 1, 2.8 * n_rows + 0.6),
        sharex=True,
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    for panel, (symbol, result) in zip(axes.flat, results.items(), strict=False):
        panel.fill_between(result.lags * hours, result.low, result.high, color="tab:blue", alpha=0.2, lw=0)
        panel.plot(result.lags * hours, result.correlation, ".-", color="tab:blue", ms=4, lw=0.9)
        for sign in (-1, 1):
            panel.plot([hours, MAX_LAG * hours], [sign * result.threshold] * 2, "--", color="tab:red", lw=1)
        panel.axvline(0, color="0.5", lw=0.8)
        panel.axhline(0, color="0.5", lw=0.8)
        panel.set_title(f"{symbol}   p = {result.p_value:.3f}", fontsize=10)
    figure.supxlabel("lag in hours (right: sentiment came first)")
    beyond = [symbol for symbol, result in results.items() if result.p_value < 0.05]
    figure.suptitle(f"Beyond chance for one asset alone: {', '.join(beyond) or 'none'}; {STEP} steps, UTC")
    figure.supylabel("rank correlation with the return")
    plt.show()
else:
    print(f"too little: no asset has {MIN_STEPS} steps with prices and texts")

# %% [markdown]
# ## Significance, adjusted for lags and assets
# `p` is adjusted for the lags of one asset, `p, all assets` for the assets as well. Neither is adjusted for strategies,
# scorers and steps that were tried before: that needs a record of them.

# %%
p_values = np.array([result.p_value for result in results.values()])
table = pd.DataFrame(
    {
        "best lag, h": [result.best_lag * hours for result in results.values()],
        "correlation there": [
            result.correlation[result.lags == result.best_lag][0] for result in results.values()
        ],
        "by chance up to": [result.threshold for result in results.values()],
        "p": p_values,
        "p, all assets": holm(p_values) if len(p_values) else p_values,
    },
    index=list(results),
).round(3)
print(table if len(table) else "nothing to test")

# %% [markdown]
# ## Selected on the first half, tested on the second
# The lag and its sign are selected on the first half. The second half gives one correlation and one interval per asset:
# where sentiment leads, the interval is on the selected side of 0.

# %%
halves = []
for symbol, grid in grids.items():
    middle = len(grid) // 2
    half = [grid.iloc[:middle], grid.iloc[middle:]]
    first, second = (
        lead_lag(
            part["score"].to_numpy(), part["log_return"].to_numpy(), max_lag=MAX_LAG, block_steps=BLOCK_STEPS
        )
        for part in half
    )
    at = int(np.flatnonzero(first.lags == first.best_lag)[0])
    sign = np.sign(first.correlation[at]) or 1.0
    low, high = sorted((sign * second.low[at], sign * second.high[at]))
    halves.append((symbol, abs(first.correlation[at]), sign * second.correlation[at], low, high))

holds_up = {symbol for symbol, _, _, low, _ in halves if low > 0}
if halves:
    figure, panel = plt.subplots(figsize=(8, 0.45 * len(halves) + 1.6), layout="constrained")
    for row, (_, selected, tested, low, high) in enumerate(halves):
        panel.plot([low, high], [row, row], color="tab:blue", lw=2)
        panel.plot(tested, row, "o", color="tab:blue", label="second half, 95 % band" if row == 0 else None)
        panel.plot(selected, row, "x", color="0.5", label="first half, selected" if row == 0 else None)
    panel.axvline(0, color="0.4", lw=0.8)
    panel.set_yticks(range(len(halves)), [symbol for symbol, *_ in halves])
    panel.set(
        xlabel="correlation, in the selected direction",
        title=f"The best lag of the first half holds in the second: {len(holds_up)} of {len(halves)} assets",
    )
    panel.legend(frameon=False, fontsize=9)
    plt.show()

leading = [symbol for symbol in table.index[table["p, all assets"] < 0.05] if symbol in holds_up]
print("sentiment leads the price of:", ", ".join(leading) if leading else "no asset, by both tests")

# %% [markdown]
# ## Limits
# A rank correlation is not a profit: it excludes costs, slippage and the delay between a text and its score. Both
# series are assumed stationary over the whole range, which holds for a few days and not for a year. A correlation in
# these days may not hold in others.
