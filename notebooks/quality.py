# %% [markdown]
# # How good is what is in the lake?
# Every message that Kafka gave is accounted for: it became a row, or is in quarantine with the rule it broke, or in
# duplicates with the message that won. This notebook counts them, shows what was refused, how late messages are,
# and where prices are missing.

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
# ## Every message is exactly one thing
# Tables commit one after the other, so of a running lake the newest messages may be `nothing yet`.

# %%
became = " UNION ALL BY NAME ".join(
    [
        f"SELECT '{name}' AS became, topic_id, kafka_partition, kafka_offset FROM {name}"
        for name in (*GOLD, "gold_news")
    ]
    + [
        f"SELECT '{name}' AS became, topic_id, kafka_partition, kafka_offset FROM {name}"
        for name in ("quarantine", "duplicates")
    ]
)
account = con.sql(
    f"""
    WITH things AS (
        SELECT bronze.topic, coalesce(became, 'nothing yet') AS became FROM bronze
        LEFT JOIN ({became}) AS found USING (topic_id, kafka_partition, kafka_offset)
    )
    PIVOT things ON became USING count(*) GROUP BY topic ORDER BY topic
    """
).df()
print(account.to_string(index=False))

# %% [markdown]
# ## Quarantine by rule
# A refused message keeps its bytes, its place and the reason. `python -m compaction quarantine` lists and replays
# them.

# %%
refused = con.sql(
    """
    SELECT rule, topic, count(*) AS messages, any_value(reason) AS example
    FROM quarantine GROUP BY ALL ORDER BY messages DESC
    """
).df()
if len(refused):
    for rule, example in refused.drop_duplicates("rule")[["rule", "example"]].itertuples(index=False):
        print(f"{rule:<18} {example[:90]}")
    by_rule = refused.pivot_table(
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
    print("nothing was refused")

# %% [markdown]
# ## Lateness
# From the instant an event happened to the instant the broker had it. A study that uses `event_time` as if rows
# were there at that instant looks ahead by this much. A lake that was backfilled shows days here: its past came all
# at once.

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
# A stretch without an observation that is long for its market: over ten times the usual distance, and over a
# minute. What an exchange itself did not give is known to the collector: `python -m streaming.collect gaps`.

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
cover = cover.T.asfreq("h", fill_value=0).T  # an hour without any price is an hour too
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
# ## Copies
# Producers send at least once. The first message in Kafka wins; this is how long after it the others came.

# %%
copies = con.sql(
    """
    SELECT d.topic, count(*) AS copies, median(d.broker_time - w.broker_time) AS "usually after",
        max(d.broker_time - w.broker_time) AS "at most after"
    FROM duplicates d JOIN bronze w ON (w.topic_id, w.kafka_partition, w.kafka_offset)
        = (d.stored_topic_id, d.stored_partition, d.stored_offset)
    GROUP BY ALL ORDER BY copies DESC
    """
).df()
print(copies.to_string(index=False) if len(copies) else "none")
