# %% [markdown]
# # First look at the lake
# Tables, their freshness, and sentiment beside the price. `make demo` makes a lake, `make notebook` opens this
# notebook on it. Every notebook reads only the lake that `CRYPTOVIZ_LAKE_URI` names.

# %%
import matplotlib.dates as mdates
import matplotlib.pyplot as plt

from lakehouse import lake
from lakehouse.schema.tables import TABLES

plt.rcParams.update(
    {"axes.grid": True, "grid.alpha": 0.3, "axes.spines.top": False, "axes.spines.right": False}
)

# %% [markdown]
# ## Tables
# `lake.connect()` is a DuckDB connection with each table as a view, all pinned together. A query loads what it needs.

# %%
con = lake.connect()
names = [name for (name,) in con.sql("SHOW TABLES").fetchall()]
for name in names:
    ((n_rows,),) = con.sql(f"SELECT count(*) FROM {name}").fetchall()
    print(f"{name:<16} version {lake.table(name).version:>5}  {n_rows:>9,} rows")
for absent in TABLES.keys() - {name for (name,) in con.sql("SHOW TABLES").fetchall()}:
    con.register(
        absent, TABLES[absent].to_arrow_schema().empty_table()
    )  # a table that is not there yet has no rows

# %% [markdown]
# A table has the meanings of its columns. `where` and `select` read nothing; reading rows opens only the files that
# are left after pruning.

# %%
for column in TABLES["gold_sentiment"].columns[:6]:
    print(f"{column.name:<14} {column.meaning}")

symbols = con.sql(
    """
    WITH priced AS (SELECT DISTINCT symbol FROM gold_price),
    texts AS (SELECT symbol, count(*) AS n, list(DISTINCT origin) AS origins FROM gold_sentiment GROUP BY symbol)
    SELECT symbol, coalesce(n, 0) AS n_texts, coalesce(origins, []) AS origins, priced.symbol IS NOT NULL AS has_price
    FROM texts FULL JOIN priced USING (symbol) ORDER BY has_price AND n_texts > 0 DESC, n_texts DESC, symbol
    """
).fetchall()
symbol = symbols[0][0] if symbols else None
for each, n_texts, origins, has_price in symbols:
    print(
        f"{each:<8} {n_texts:>7,} texts, {'with' if has_price else 'without'} prices; origin {', '.join(origins)}"
    )
if symbols and symbols[0][1]:
    sentiment = lake.table("gold_sentiment")
    of_symbol = sentiment.where(symbol=symbol)
    print(f"\n{symbol}: {len(of_symbol.files)} of {len(sentiment.files)} files")
    for row in of_symbol.select("event_time", "score", "label", "title").preview(3).to_pylist():
        print(row)

# %% [markdown]
# ## Sentiment beside the price
# Of the asset with the most texts among those with prices. The bars count texts: a mean of two texts says less than a
# mean of two hundred. A step is a minute, an hour or a day, by the range; steps without a price are left blank.

# %%
STEPS = {"minute": 60, "hour": 3_600, "day": 86_400}
((first, last),) = con.execute(
    "SELECT min(event_time), max(event_time) FROM gold_price WHERE symbol = $1", [symbol]
).fetchall()
span_seconds = (last - first).total_seconds() if first else 0.0
step = next((name for name, seconds in STEPS.items() if span_seconds <= 400 * seconds), "day")
steps = con.execute(
    f"""
    WITH grid AS (
        SELECT unnest(generate_series(
            date_trunc('{step}', $first::TIMESTAMPTZ), date_trunc('{step}', $last::TIMESTAMPTZ), INTERVAL 1 {step}
        )) AS step
    ), texts AS (
        SELECT date_trunc('{step}', event_time) AS step, count(*) AS n_texts, avg(score) AS mean_score,
            stddev_samp(score) / sqrt(count(score)) AS error
        FROM gold_sentiment WHERE symbol = $symbol GROUP BY step
    ), prices AS (
        SELECT date_trunc('{step}', event_time) AS step, arg_max(price, event_time) AS close, any_value(quote) AS quote
        FROM gold_price
        WHERE symbol = $symbol AND venue = (SELECT mode(venue) FROM gold_price WHERE symbol = $symbol)
        GROUP BY step
    )
    SELECT * REPLACE (coalesce(n_texts, 0) AS n_texts)
    FROM grid LEFT JOIN prices USING (step) LEFT JOIN texts USING (step) ORDER BY step
    """,
    {"symbol": symbol, "first": first, "last": last},
).df()
scored = steps.dropna(subset=["mean_score", "close"])
if len(steps) < 3:
    print("too little for a picture: prices of fewer than three minutes")
else:
    together = scored["mean_score"].corr(scored["close"].pct_change()) if len(scored) > 10 else None
    finding = (
        f"too few {step}s with texts to compare"
        if together is None or together != together
        else f"tone and return of the same {step} correlate at {together:+.2f}"
    )
    figure, (above, below) = plt.subplots(
        2, figsize=(11, 6), sharex=True, height_ratios=[3, 2], layout="constrained"
    )
    above.plot(
        steps["step"], steps["close"], color="tab:blue", lw=1.3, marker="." if len(steps) < 50 else None
    )
    above.set(
        ylabel=f"close of the {step}, {steps['quote'].dropna().iloc[0]}",
        title=f"{symbol}: {finding} ({first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC)",
    )
    below.bar(steps["step"], steps["n_texts"], width=STEPS[step] / 86_400 * 0.9, color="0.85")
    below.set(ylabel=f"texts a {step}", xlabel="UTC")
    below.grid(False)
    tone = below.twinx()
    tone.errorbar(
        scored["step"],
        scored["mean_score"],
        yerr=scored["error"].fillna(0.0),
        fmt=".",
        ms=4,
        lw=0.7,
        color="tab:orange",
    )
    tone.axhline(0, color="0.4", lw=0.8)
    tone.set(ylabel="mean score ± standard error", ylim=(-1, 1))
    below.xaxis.set_major_formatter(mdates.ConciseDateFormatter(below.xaxis.get_major_locator()))
    plt.show()

# %% [markdown]
# ## Texts by asset
# `.polars()`, `.pandas()`, `.arrow()` and `.duckdb()` of a table return the same rows. A text without a score counts as
# a text.

# %%
import polars as pl  # noqa: E402

of_all = con.sql("SELECT symbol, label, score FROM gold_sentiment").pl()
by_asset = of_all.group_by("symbol").agg(
    pl.len().alias("texts"),
    pl.col("score").mean().round(3).alias("mean score"),
    (pl.col("label") == "positive").mean().round(3).alias("positive"),
    (pl.col("label") == "negative").mean().round(3).alias("negative"),
)
print(by_asset.sort("texts", descending=True))
