"""The questions that the demo asks the API: the same that it prints for a person to try."""

import json
import urllib.error
import urllib.request
from datetime import datetime
from typing import Any

QUESTIONS = (
    "/api/v1/sentiment/btc/historique?periode=24h",
    "/api/v1/prediction/eth/historique?date_debut={yesterday}",
    "/api/v1/prix/btc/historique?periode=7d",
)
TIMEOUT_SECONDS = 10.0


def ask(base_url: str, path: str) -> dict[str, Any] | None:
    """The answer as JSON, or None where there is none (yet)."""
    try:
        with urllib.request.urlopen(base_url + path, timeout=TIMEOUT_SECONDS) as response:
            answer: dict[str, Any] = json.load(response)
            return answer
    except (OSError, ValueError, urllib.error.URLError):
        return None


def in_words(path: str, answer: dict[str, Any] | None) -> str:
    """One line on an answer: how many points, from when to when, and the newest."""
    points = (answer or {}).get("points", [])
    if not points:
        return f"{path}: EMPTY"
    times = [point.get("event_time") or point.get("made_at") for point in points]
    return f"{path}: {len(points)} points, {times[0]} to {times[-1]}, newest {json.dumps(points[-1])[:160]}"


def newest_forecast(base_url: str) -> datetime | None:
    """When the newest forecast of Bitcoin was made that the API knows of; None before the first."""
    answer = ask(base_url, "/api/v1/prediction/btc/historique?periode=7d&limite=1")
    points = (answer or {}).get("points", [])
    return datetime.fromisoformat(points[-1]["made_at"]) if points else None


def n_gold_rows(base_url: str) -> int:
    """Rows in the gold tables, as the API's status page counts them."""
    tables = (ask(base_url, "/api/v1/etat") or {}).get("tables", [])
    return sum(table.get("rows") or 0 for table in tables if table["table"].startswith("gold_"))
