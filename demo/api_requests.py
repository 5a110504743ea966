"""Requests that the demo sends to the API, and prints for its user to try."""

import json
import urllib.error
import urllib.request
from datetime import datetime
from typing import Any

PATHS = (
    "/api/v1/sentiment/btc/historique?periode=24h",
    "/api/v1/prediction/eth/historique?date_debut={yesterday}",
    "/api/v1/prix/btc/historique?periode=7d",
)
TIMEOUT_SECONDS = 10.0


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


def newest_forecast_of_all(base_url: str) -> datetime | None:
    """Return up to when every asset with prices has forecasts; None before each of them has one."""
    assets = (get_json(base_url, "/api/v1/actifs") or {}).get("actifs", [])
    priced = [asset["tables"] for asset in assets if "gold_price" in asset["tables"]]
    if not priced or not all("gold_prediction" in tables for tables in priced):
        return None
    return min(datetime.fromisoformat(tables["gold_prediction"]["last_event_time"]) for tables in priced)


def n_gold_rows(base_url: str) -> int:
    """Return the number of rows in the gold tables, from the API's status."""
    tables = (get_json(base_url, "/api/v1/etat") or {}).get("tables", [])
    return sum(table.get("rows") or 0 for table in tables if table["table"].startswith("gold_"))
