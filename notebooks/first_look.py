# %% [markdown]
# # First look at the lake
# What is in it, how fresh it is, and one day of sentiment beside the price. Run `make demo` first.

# %%
import os

import duckdb

from lakehouse import lake

demo = lake.open(os.environ.get("CRYPTOVIZ_LAKE_URI", ".runtime/demo/lake"))
for name in ("gold_sentiment", "gold_prediction", "gold_price", "quarantine", "duplicates"):
    table = demo.table(name)
    print(f"{name:<16} version {table.version:>5}  {table.arrow().num_rows:>9,} rows")

# %% [markdown]
# ## Hourly sentiment and price of one asset
# The names in the query are the tables; DuckDB reads the files of a pinned snapshot.

# %%
sentiment = demo.table("gold_sentiment").arrow()
price = demo.table("gold_price").arrow()

hourly = duckdb.sql(
    """
    with s as (
        select date_trunc('hour', event_time) as hour, count(*) as texts, avg(score) as mean_score
        from sentiment where symbol = 'btc' group by 1
    ), p as (
        select date_trunc('hour', event_time) as hour, arg_max(price, event_time) as close
        from price where symbol = 'btc' and venue = 'simx' group by 1
    )
    select hour, texts, round(mean_score, 3) as mean_score, close from s join p using (hour) order by hour desc limit 24
    """
)
print(hourly)

# %% [markdown]
# ## Why messages were refused
# Every message that could not become a row is in quarantine, with the rule and the reason.

# %%
quarantine = demo.table("quarantine").arrow()
rules = """
    select rule, count(*) as messages, any_value(reason) as example
    from quarantine group by rule order by messages desc
"""
print(duckdb.sql(rules))
