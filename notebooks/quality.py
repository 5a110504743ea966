# %% [markdown]
# # Data quality
# Every message of Kafka is accounted for: it is a row of gold, or in quarantine with the rule that it broke, or in
# duplicates with the record that was stored. This notebook counts them and shows rejected messages, lateness and
# gaps in prices.

# %%
import matplotlib.dates as mdates
import matplotlib.pyplot as plt
import numpy as np

from lakehouse import lake
from lakehouse.schema.tables import TABLES

plt.rcParams.update(
    {"axes.grid": True, "grid.alpha": 0.3, "axes.spines.top": False, "axes.spines.right": False}
)
con = lake.connect()
for absent in TABLES.keys() - {name for (name,) in con.sql("SHOW TABLES").fetchall()}:
    con.register(
        absent, TABLES[absent].to_arrow_schema().empty_table()
    )  # a table that is not there yet has no rows
GOLD = {"gold_sentiment": "event_time", "gold_prediction": "made_at", "gold_price": "event_time"}

# %% [markdown]
# ## Accounting of every message
# Tables commit one after the other, so in a running lake the newest messages may be `not yet`.

# %%
stored_in = " UNION ALL BY NAME ".join(
    [
        f"SELECT '{name}' AS stored_in, topic_id, kafka_partition, kafka_offset FROM {name}"
        for name in (*GOLD, "gold_news")
    ]
    + [
        f"SELECT '{name}' AS stored_in, topic_id, kafka_partition, kafka_offset FROM {name}"
        for name in ("quarantine", "duplicates")
    ]
)
account = con.sql(
    f"""
    WITH messages AS (
        SELECT bronze.topic, coalesce(stored_in, 'not yet') AS stored_in FROM bronze
        LEFT JOIN ({stored_in}) AS stored USING (topic_id, kafka_partition, kafka_offset)
    )
    SELECT topic, stored_in, count(*) AS messages FROM messages GROUP BY ALL ORDER BY topic, stored_in
    """
).df()
if len(account):
    print(
        account.pivot(index="topic", columns="stored_in", values="messages").fillna(0).astype(int).to_string()
    )
else:
    print("bronze has no message")

# %% [markdown]
# ## Quarantine by rule
# A rejected message has its bytes, its record id and the reason. `python -m compaction quarantine` lists and replays
# them.

# %%
rejected = con.sql(
    """
    SELECT rule, topic, count(*) AS messages, any_value(reason) AS example
    FROM quarantine GROUP BY ALL ORDER BY messages DESC
    """
).df()
if len(rejected):
    for rule, example in rejected.drop_duplicates("rule")[["rule", "example"]].itertuples(index=False):
        print(f"{rule:<18} {example[:90]}")
    by_rule = rejected.pivot_table(
        index="rule", columns="topic", values="messages", aggfunc="sum", fill_value=0
    )
    by_rule = by_rule.loc[by_rule.sum(axis=1).sort_values().index]
    figure, panel = plt.subplots(figsize=(9, 0.36 * len(by_rule) + 1.4), layout="constrained")
    left = np.zeros(len(by_rule))
    for topic in by_rule:
        panel.barh(by_rule.index, by_rule[topic], left=left, label=topic)
        left += by_rule[topic].to_numpy()
    ((n_messages,),) = con.sql("SELECT count(*) FROM bronze").fetchall()
    panel.set(xlabel="messages", title=f"Quarantine: {int(left.sum()):,} of {n_messages:,} messages")
    panel.legend(frameon=False)
    plt.show()
else:
    print("no message was rejected")

# %% [markdown]
# ## Lateness
# The time from an event to its arrival at the broker. A study that uses `event_time` as if rows were available at that
# instant looks ahead by this much. A backfilled lake shows days here: its past arrived at once.

# %%
QUANTILES = np.concatenate([np.linspace(0, 0.99, 100), 1 - np.geomspace(0.01, 1e-5, 60)])
delays = {}
for name, event_time in GOLD.items():
    ((n_rows, at_quantiles),) = con.execute(
        f"SELECT count(*), quantile_cont(epoch_us(broker_time - {event_time}) / 1e6, $1::DOUBLE[]) FROM {name}",
        [QUANTILES.tolist()],
    ).fetchall()
    if n_rows >= 2:
        delays[name] = np.array(at_quantiles)
        p50, p99 = np.interp([0.5, 0.99], QUANTILES, delays[name])
        print(f"{name:<16} p50 {p50:>10,.1f} s   p99 {p99:>10,.1f} s   of {n_rows:,} rows")
if delays:
    slowest = max(delays, key=lambda name: float(np.interp(0.99, QUANTILES, delays[name])))
    p99 = float(np.interp(0.99, QUANTILES, delays[slowest]))
    figure, panel = plt.subplots(figsize=(9, 4), layout="constrained")
    for name, delay in delays.items():
        panel.plot(np.maximum(delay, 1e-3), 1 - QUANTILES, lw=1.5, label=name)
    panel.set(
        xscale="log",
        yscale="log",
        xlabel="seconds from event to broker (under a millisecond: drawn at one)",
        ylabel="share of rows later than that",
    )
    panel.set_title(f"Lateness: of {slowest}, one row in a hundred is over {p99:,.1f} s late", pad=22)
    for seconds, label in ((1, "1 s"), (60, "1 min"), (3600, "1 h"), (86400, "1 day")):
        panel.axvline(seconds, color="0.6", lw=0.7, ls=":")
        panel.annotate(label, (seconds, 1.03), xycoords=("data", "axes fraction"), ha="center", fontsize=8)
    panel.legend(frameon=False)
    plt.show()
else:
    print("too few rows")

# %% [markdown]
# ## Gaps in prices
# An interval without an observation that is over ten times the median of its market, and over a minute. The collector
# knows the trades that an exchange never delivered: `python -m streaming.collect gaps`.

# %%
gaps = con.sql(
    """
    WITH steps AS (
        SELECT symbol, venue, event_time AS since, lead(event_time) OVER market AS until
        FROM gold_price WINDOW market AS (PARTITION BY symbol, venue, quote ORDER BY event_time)
    ), usual AS (SELECT symbol, venue, median(until - since) AS usual FROM steps GROUP BY ALL)
    SELECT symbol, venue, since, until, until - since AS length FROM steps JOIN usual USING (symbol, venue)
    WHERE until - since > greatest(10 * usual, INTERVAL 1 MINUTE) ORDER BY length DESC
    """
).df()
print(f"{len(gaps)} gaps" + (f"; the longest:\n{gaps.head(5).to_string(index=False)}" if len(gaps) else ""))

((first, last),) = con.sql("SELECT min(event_time), max(event_time) FROM gold_price").fetchall()
unit, slot, n_slots = ("day", "hour", 24) if first and (last - first).days > 30 else ("hour", "minute", 60)
filled = con.sql(
    f"""
    SELECT symbol, date_trunc('{unit}', event_time) AS step, count(DISTINCT date_trunc('{slot}', event_time)) AS slots
    FROM gold_price GROUP BY ALL
    """
).df()
if filled["step"].nunique() < 2:
    print(f"prices of less than two {unit}s: too little for a picture")
else:
    cover = filled.pivot_table(index="symbol", columns="step", values="slots", fill_value=0)
    cover = cover.T.asfreq({"hour": "h", "day": "D"}[unit], fill_value=0).T  # steps without any price as well
    share = float(cover.to_numpy().mean()) / n_slots
    figure, panel = plt.subplots(figsize=(11, 0.4 * len(cover) + 1.8), layout="constrained")
    image = panel.pcolormesh(
        cover.columns, cover.index, cover, cmap="viridis", vmin=0, vmax=n_slots, shading="nearest"
    )
    panel.grid(False)
    panel.set(title=f"Prices: {share:.0%} of all {slot}s have one", xlabel=f"{unit}s, UTC")
    panel.xaxis.set_major_formatter(mdates.ConciseDateFormatter(panel.xaxis.get_major_locator()))
    figure.colorbar(image, ax=panel, label=f"{slot}s with a price, of {n_slots}")
    plt.show()

# %% [markdown]
# ## Duplicates
# Producers send at least once. The first message in Kafka is stored; these are the delays of the others.

# %%
duplicates = con.sql(
    """
    SELECT d.topic, count(*) AS n, median(d.broker_time - stored.broker_time) AS "median delay",
        max(d.broker_time - stored.broker_time) AS "longest delay"
    FROM duplicates d JOIN bronze stored ON (stored.topic_id, stored.kafka_partition, stored.kafka_offset)
        = (d.stored_topic_id, d.stored_partition, d.stored_offset)
    GROUP BY ALL ORDER BY n DESC
    """
).df()
print(duplicates.to_string(index=False) if len(duplicates) else "none")
