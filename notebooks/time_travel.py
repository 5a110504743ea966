# %% [markdown]
# # Time travel and changes
# A table is a log of commits, and each commit is a version that can be read as it stood: to repeat an analysis on
# the very rows it was made on, to see what was known when, or to take in only what is new. Vacuum removes the files
# of old versions (after a day by default), retention removes old days; then the error says what there still is.

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
# ## The same question at an earlier version
# Cite a version beside a figure, and the figure can be made again. `as_of` asks for an instant instead.

# %%
kept = sorted(history["version"])
earlier = kept[len(kept) // 2]
try:
    then, now = lake.table("gold_sentiment", version=earlier), lake.table("gold_sentiment", version=kept[-1])
    for label, table in ((f"version {earlier}", then), (f"version {kept[-1]}", now)):
        scores = table.select("score").polars()["score"]
        print(f"{label:<12} {len(scores):>8,} rows  mean score {scores.mean() or 0:+.4f}")
except LakehouseError as error:
    print("not any more:", error)

# %% [markdown]
# ## How a day filled up
# Texts by their event day, as versions went on: what comes after a day's end came late, and a figure of that day
# that was made before then was another figure. The dashed lines are the ends of the days.

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
# ## Only what is new
# A position says what a table had taken in. Keep it (`to_json()`), come back later, and `changes` gives each row
# since, once, whatever was compacted or rebuilt meanwhile. A version or an instant will do as well, as long as its
# commit is in the log.

# %%
from lakehouse.delta.position import Position  # noqa: E402

seen = Position()
n_seen = 0
for version in kept[-4:]:
    table = lake.table("gold_sentiment", version=version)
    n_new = table.changes(seen).select("message_id").arrow().num_rows
    n_seen += n_new
    seen = table.position
    print(f"up to version {version}: {n_new:,} new rows")
print(
    f"{n_seen:,} rows in all; the table has {lake.table('gold_sentiment', version=kept[-1]).arrow().num_rows:,}"
)
print("keep this:", seen.to_json())

# %% [markdown]
# ## What cannot be had says why

# %%
for asked in ({"as_of": "2001-01-01"}, {"version": 10**6}):
    try:
        lake.table("gold_sentiment", **asked)
    except LakehouseError as error:
        print(f"{type(error).__name__}: {error}")
