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

plt.rcParams.update(
    {"axes.grid": True, "grid.alpha": 0.3, "axes.spines.top": False, "axes.spines.right": False}
)
con = lake.connect()
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
    PIVOT messages ON stored_in USING count(*) GROUP BY topic ORDER BY topic
    """
).df()
print(account.to_string(index=False))

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
figure, panel = plt.subplots(figsize=(9, 4), layout="constrained")
for name, event_time in GOLD.items():
    delay = (
        con.sql(f"SELECT epoch_us(broker_time - {event_time}) / 1e6 AS s FROM {name} ORDER BY s")
        .df()["s"]
        .to_numpy()
    )
    if len(delay):
        print(
            f"{name:<16} p50 {np.quantile(delay, 0.5):>10,.1f} s   p99 {np.quantile(delay, 0.99):>10,.1f} s"
        )
        panel.plot(np.maximum(delay, 1e-3), 1 - np.arange(len(delay)) / len(delay), lw=1.5, label=name)
panel.set(
    xscale="log", yscale="log", xlabel="seconds from event to broker", ylabel="share of rows later than that"
)
panel.set_title("How late rows are")
for seconds, label in ((1, "1 s"), (60, "1 min"), (3600, "1 h"), (86400, "1 day")):
    panel.axvline(seconds, color="0.6", lw=0.7, ls=":")
    panel.annotate(label, (seconds, 1.15), ha="center", fontsize=8, annotation_clip=False)
panel.legend(frameon=False)
plt.show()

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

minutes = con.sql(
    """
    SELECT symbol, time_bucket(INTERVAL 1 HOUR, event_time) AS hour,
        count(DISTINCT date_trunc('minute', event_time)) AS minutes
    FROM gold_price GROUP BY ALL
    """
).df()
cover = minutes.pivot_table(index="symbol", columns="hour", values="minutes", fill_value=0)
cover = cover.T.asfreq("h", fill_value=0).T  # hours without any price as well
figure, panel = plt.subplots(figsize=(11, 0.4 * len(cover) + 1.6), layout="constrained")
image = panel.pcolormesh(
    cover.columns, cover.index, cover, cmap="viridis", vmin=0, vmax=60, shading="nearest"
)
panel.grid(False)
panel.set_title("Minutes of each hour that have a price")
panel.xaxis.set_major_formatter(mdates.ConciseDateFormatter(panel.xaxis.get_major_locator()))
figure.colorbar(image, ax=panel, label="of 60")
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
