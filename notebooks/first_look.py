# %% [markdown]
# # First look at the lake
# Tables, their freshness, and sentiment beside the price. `make demo` makes a lake, `make notebook` opens this
# notebook on it. Every notebook reads only the lake that `CRYPTOVIZ_LAKE_URI` names.

# %%
import matplotlib.dates as mdates
import matplotlib.pyplot as plt

from lakehouse import lake

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

# %% [markdown]
# A table has the meanings of its columns. `where` and `select` read nothing; reading rows opens only the files that
# are left after pruning.

# %%
sentiment = lake.table("gold_sentiment")
for column, meaning in list(sentiment.meanings.items())[:6]:
    print(f"{column:<14} {meaning}")

((symbol, first, last, origins),) = con.sql(
    """
    SELECT arg_max(symbol, n), min(first), max(last), list(DISTINCT origin)
    FROM (
        SELECT symbol, origin, count(*) AS n, min(event_time) AS first, max(event_time) AS last
        FROM gold_sentiment GROUP BY symbol, origin
    )
    """
).fetchall()
of_symbol = sentiment.where(symbol=symbol)
print(
    f"\n{symbol}: {len(of_symbol.files)} of {len(sentiment.files)} files; {first} to {last}; origin {origins}"
)
of_symbol.select("event_time", "score", "label", "title").preview(3).to_pylist()

# %% [markdown]
# ## Sentiment beside the price, by the hour
# The bars count texts: a mean of two texts says less than a mean of two hundred.

# %%
hourly = con.execute(
    """
    WITH texts AS (
        SELECT date_trunc('hour', event_time) AS hour, count(*) AS n_texts, avg(score) AS mean_score,
            stddev_samp(score) / sqrt(count(score)) AS error
        FROM gold_sentiment WHERE symbol = $symbol GROUP BY hour
    ), prices AS (
        SELECT date_trunc('hour', event_time) AS hour, arg_max(price, event_time) AS close, any_value(quote) AS quote
        FROM gold_price
        WHERE symbol = $symbol AND venue = (SELECT mode(venue) FROM gold_price WHERE symbol = $symbol)
        GROUP BY hour
    )
    SELECT * REPLACE (coalesce(n_texts, 0) AS n_texts) FROM prices LEFT JOIN texts USING (hour) ORDER BY hour
    """,
    {"symbol": symbol},
).df()

figure, (above, below) = plt.subplots(
    2, figsize=(11, 6), sharex=True, height_ratios=[3, 2], layout="constrained"
)
above.plot(hourly["hour"], hourly["close"], color="tab:blue", lw=1.3)
above.set(
    ylabel=f"close, {hourly['quote'].iloc[0]}",
    title=f"{symbol}: price and tone of the news, by the hour (UTC)",
)
below.bar(hourly["hour"], hourly["n_texts"], width=1 / 26, color="0.85")
below.set(ylabel="texts an hour")
below.grid(False)
tone = below.twinx()
scored = hourly.dropna(subset="mean_score")
tone.errorbar(
    scored["hour"],
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
# `.polars()`, `.pandas()`, `.arrow()` and `.duckdb()` return the same rows.

# %%
import polars as pl  # noqa: E402

of_all = sentiment.select("symbol", "label", "score").polars()
(
    of_all.group_by("symbol")
    .agg(
        pl.len().alias("texts"),
        pl.col("score").mean().round(3).alias("mean score"),
        (pl.col("label") == "positive").mean().round(3).alias("positive"),
        (pl.col("label") == "negative").mean().round(3).alias("negative"),
    )
    .sort("texts", descending=True)
)
