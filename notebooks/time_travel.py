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
WANTED = ("gold_sentiment", "gold_price", "gold_prediction", "gold_news")
present = {name for (name,) in lake.connect().sql("SHOW TABLES").fetchall()}
NAME = next((name for name in WANTED if name in present), WANTED[0])
TIME = "made_at" if NAME == "gold_prediction" else "event_time"
table = lake.table(NAME)
print(f"the table of this notebook: {NAME}")

# %% [markdown]
# ## History
# Newest first. `changes_rows` is false for compaction, which writes the same rows into fewer files.

# %%
history = table.history().to_pandas()
print(history.head(8).to_string(index=False))

figure, panel = plt.subplots(figsize=(11, 3.6), layout="constrained")
wrote = history[history["changes_rows"]].iloc[::-1]
panel.bar(wrote["version"], wrote["n_rows_added"], color="tab:blue", label="rows added")
same = history[~history["changes_rows"] & (history["n_files_added"] > 0)]
panel.plot(same["version"], [0] * len(same), "^", color="tab:orange", label="same rows, fewer files")
panel.set(
    xlabel="version",
    ylabel="rows",
    title=f"{NAME}: {len(wrote):,} commits added {wrote['n_rows_added'].sum():,} rows",
)
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
        lake.table(NAME, version=earlier),
        lake.table(NAME, version=versions[-1]),
    )
    for label, state in ((f"version {earlier}", then), (f"version {versions[-1]}", now)):
        times = state.select(TIME).polars()[TIME]
        print(f"{label:<12} {len(times):>8,} rows, the newest of {times.max()}")
except LakehouseError as error:
    print("gone:", error)

# %% [markdown]
# ## Arrival of a day's rows
# Rows of the last days by their event day, over broker time. Rows after the end of their day are late: a figure of that
# day that is made before they arrive is another figure. The dashed lines are the ends of the days.

# %%
N_DAYS = 7
rows = (
    table.select("event_date", "broker_time")
    .duckdb()
    .query(
        "rows",
        f"""
        SELECT event_date, broker_time,
            row_number() OVER (PARTITION BY event_date ORDER BY broker_time)
                / count(*) OVER (PARTITION BY event_date) AS share
        FROM rows WHERE event_date > (SELECT max(event_date) FROM rows) - INTERVAL {N_DAYS} DAY
        QUALIFY row_number() OVER (PARTITION BY event_date ORDER BY broker_time)
            % greatest(1, count(*) OVER (PARTITION BY event_date) // 500) = 0
        ORDER BY broker_time
        """,
    )
).df()
rows["late"] = rows["broker_time"] >= rows["event_date"].dt.tz_localize("UTC") + pd.Timedelta("1D")
if len(rows) < 3:
    print(f"too little for a picture: {len(rows)} rows")
else:
    figure, panel = plt.subplots(figsize=(11, 3.8), layout="constrained")
    for number, (day, group) in enumerate(rows.groupby("event_date")):
        color = f"C{number % 10}"
        panel.step(group["broker_time"], group["share"], where="post", color=color, label=f"{day:%d %b}")
        panel.axvline(day.tz_localize("UTC") + pd.Timedelta("1D"), color=color, ls="--", lw=0.8)
    panel.set(
        xlabel="broker time, UTC",
        ylabel="share of the day's rows",
        title=f"{NAME}, last {rows['event_date'].nunique()} days: {rows['late'].mean():.1%} arrived after their day",
    )
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
    state = lake.table(NAME, version=version)
    n_new = state.changes(position).select("message_id").arrow().num_rows
    n_rows += n_new
    position = state.position
    print(f"up to version {version}: {n_new:,} new rows")
print(f"{n_rows:,} rows in all; the table has {lake.table(NAME, version=versions[-1]).arrow().num_rows:,}")
print("saved position:", position.to_json())

# %% [markdown]
# ## Errors name the available versions

# %%
for selection in ({"as_of": "2001-01-01"}, {"version": 10**6}):
    try:
        lake.table(NAME, **selection)
    except LakehouseError as error:
        print(f"{type(error).__name__}: {error}")
