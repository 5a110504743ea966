# %% [markdown]
# # Time travel and changes
# A table is a log of commits, and each commit is a version that stays readable: to repeat an analysis on the same rows,
# to see the state of knowledge at an instant, or to read only new rows. Vacuum removes the files of old versions (after
# 6 hours by default), retention removes old days; the error for a version that is gone names the available ones.

# %%
import matplotlib.dates as mdates
import matplotlib.pyplot as plt
import pandas as pd

from lakehouse import lake
from lakehouse.errors import LakehouseError

plt.rcParams.update(
    {"axes.grid": True, "grid.alpha": 0.3, "axes.spines.top": False, "axes.spines.right": False}
)
sentiment = lake.table("gold_sentiment")

# %% [markdown]
# ## History
# Newest first. `changes_rows` is false for compaction, which writes the same rows into fewer files.

# %%
history = sentiment.history().to_pandas()
print(history.head(8).to_string(index=False))

figure, panel = plt.subplots(figsize=(11, 3.6), layout="constrained")
wrote = history[history["changes_rows"]].iloc[::-1]
panel.bar(wrote["version"], wrote["n_rows_added"], color="tab:blue", label="rows added")
same = history[~history["changes_rows"] & (history["n_files_added"] > 0)]
panel.plot(same["version"], [0] * len(same), "^", color="tab:orange", label="same rows, fewer files")
panel.set(xlabel="version", ylabel="rows", title="gold_sentiment, commit by commit")
panel.xaxis.get_major_locator().set_params(integer=True)
panel.legend(frameon=False)
plt.show()

# %% [markdown]
# ## The same query at an earlier version
# A version beside a figure makes the figure reproducible. `as_of` selects an instant instead.

# %%
versions = sorted(history["version"])
earlier = versions[len(versions) // 2]
try:
    then, now = (
        lake.table("gold_sentiment", version=earlier),
        lake.table("gold_sentiment", version=versions[-1]),
    )
    for label, table in ((f"version {earlier}", then), (f"version {versions[-1]}", now)):
        scores = table.select("score").polars()["score"]
        print(f"{label:<12} {len(scores):>8,} rows  mean score {scores.mean() or 0:+.4f}")
except LakehouseError as error:
    print("gone:", error)

# %% [markdown]
# ## Arrival of a day's texts
# Texts by their event day, over broker time. Texts after the end of their day are late: a figure of that day that is
# made before they arrive is another figure. The dashed lines are the ends of the days.

# %%
rows = (
    sentiment.select("event_date", "broker_time", "event_time")
    .duckdb()
    .query(
        "texts",
        """
        SELECT event_date, broker_time,
            row_number() OVER (PARTITION BY event_date ORDER BY broker_time)
                / count(*) OVER (PARTITION BY event_date) AS share
        FROM texts ORDER BY broker_time
        """,
    )
).df()
figure, panel = plt.subplots(figsize=(11, 3.8), layout="constrained")
for number, (day, group) in enumerate(rows.groupby("event_date")):
    color = f"C{number % 10}"
    panel.step(group["broker_time"], group["share"], where="post", color=color, label=f"{day:%d %b}")
    panel.axvline(day.tz_localize("UTC") + pd.Timedelta("1d"), color=color, ls="--", lw=0.8)
panel.set(ylabel="share of the day's texts", title="When the texts of each day had arrived at the broker")
panel.xaxis.set_major_formatter(mdates.ConciseDateFormatter(panel.xaxis.get_major_locator()))
panel.legend(frameon=False, ncols=4, fontsize=9)
plt.show()

# %% [markdown]
# ## Reading only new rows
# A position is the extent of what a table has ingested. Save it (`to_json()`), come back later, and `changes` returns
# each row since then, once, also after compactions and rebuilds. A version or an instant works as well while its commit
# is in the log.

# %%
from lakehouse.delta.position import Position  # noqa: E402

position = Position()
n_rows = 0
for version in versions[-4:]:
    table = lake.table("gold_sentiment", version=version)
    n_new = table.changes(position).select("message_id").arrow().num_rows
    n_rows += n_new
    position = table.position
    print(f"up to version {version}: {n_new:,} new rows")
print(
    f"{n_rows:,} rows in all; the table has {lake.table('gold_sentiment', version=versions[-1]).arrow().num_rows:,}"
)
print("saved position:", position.to_json())

# %% [markdown]
# ## Errors name the available versions

# %%
for selection in ({"as_of": "2001-01-01"}, {"version": 10**6}):
    try:
        lake.table("gold_sentiment", **selection)
    except LakehouseError as error:
        print(f"{type(error).__name__}: {error}")
