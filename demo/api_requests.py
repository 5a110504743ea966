"""Requests that the demo sends to the API, and prints for its user to try."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import datetime
from typing import Any

PATHS = (
    "/api/v1/sentiment/btc/historique?periode=24h",
    "/api/v1/prediction/eth/historique?date_debut={yesterday}",
    "/api/v1/prix/btc/historique?periode=7d",
)
TIMEOUT_SECONDS = 10.0
LIVE_BEHIND_SECONDS = 180.0
LIVE_TEXT_SECONDS = 600.0
"""A headline comes each minute, and not each one names an asset."""
LIVE_MESSAGES = 1_000
"""What comes between two commits while all is live; a minute's forecasts are some hundred."""


def get_json(base_url: str, path: str) -> dict[str, Any] | None:
    """Return the answer as JSON; None without a usable one."""
    try:
        with urllib.request.urlopen(base_url + path, timeout=TIMEOUT_SECONDS) as response:
            answer: dict[str, Any] = json.load(response)
            return answer
    except (OSError, ValueError, urllib.error.URLError):
        return None


def summarize(path: str, answer: dict[str, Any] | None) -> str:
    """Return one line on an answer: number of points, first and last time, and the newest point."""
    points = (answer or {}).get("points", [])
    if not points:
        return f"{path}: EMPTY"
    times = [point.get("event_time") or point.get("made_at") for point in points]
    return f"{path}: {len(points)} points, {times[0]} to {times[-1]}, newest {json.dumps(points[-1])[:160]}"


@dataclass(frozen=True, slots=True)
class HistoryState:
    """How far the tables have come, from the API's assets and status; None where it does not say it yet."""

    n_rows: int = 0
    """Rows of the gold tables."""
    forecast_time: datetime | None = None
    """Up to when every asset with prices has forecasts."""
    n_waiting: int | None = None
    """Messages that Kafka has and the tables have not."""
    text_delay_seconds: float | None = None
    """How much newer the newest text is than the newest sentiment of a text."""

    def is_complete(self, now: datetime) -> bool:
        """Return whether every asset's days of every series are in gold, but for what comes live."""
        return (
            self.forecast_time is not None
            and (now - self.forecast_time).total_seconds() < LIVE_BEHIND_SECONDS
            and self.n_waiting is not None
            and self.n_waiting < LIVE_MESSAGES
            and self.text_delay_seconds is not None
            and self.text_delay_seconds < LIVE_TEXT_SECONDS
        )

    def in_words(self) -> str:
        """Return what it still waits for, and the rows so far."""
        reached = (
            "are on their way"
            if self.forecast_time is None
            else f"have come to {self.forecast_time:%Y-%m-%d %H:%M} UTC"
        )
        waiting = "" if self.n_waiting is None else f", {self.n_waiting:,} messages wait"
        return f"{self.n_rows:,} rows in gold{waiting}; the forecasts of seven days {reached}"


def history_state(base_url: str) -> HistoryState:
    """Return how far the tables have come."""
    state = get_json(base_url, "/api/v1/etat") or {}
    tables = {table["table"]: table for table in state.get("tables", [])}
    kafka = state.get("kafka", {})
    return HistoryState(
        n_rows=sum(table.get("rows") or 0 for name, table in tables.items() if name.startswith("gold_")),
        forecast_time=newest_forecast_of_all(base_url),
        n_waiting=sum(lag["messages"] for lag in kafka["lag"]) if kafka.get("known") else None,
        text_delay_seconds=_text_delay_seconds(tables),
    )


def _text_delay_seconds(tables: dict[str, Any]) -> float | None:
    if "gold_sentiment" not in tables or "gold_news" not in tables:
        return None
    sentiment, news = (
        tables[name]["freshness"]["event_age_seconds"] for name in ("gold_sentiment", "gold_news")
    )
    return None if sentiment is None or news is None else float(sentiment - news)


def newest_forecast_of_all(base_url: str) -> datetime | None:
    """Return up to when every asset with prices has forecasts; None before each of them has one."""
    assets = (get_json(base_url, "/api/v1/actifs") or {}).get("actifs", [])
    priced = [asset["tables"] for asset in assets if "gold_price" in asset["tables"]]
    if not priced or not all("gold_prediction" in tables for tables in priced):
        return None
    return min(datetime.fromisoformat(tables["gold_prediction"]["last_event_time"]) for tables in priced)
