"""Generator of deploy/grafana/dashboard.json from the list of its panels."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FILE = "deploy/grafana/dashboard.json"
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
N_COLUMNS, WIDTH, HEIGHT = 3, 8, 7
WELL = (
    'vector(scalar(min(up{job=~"cryptoviz-.*"})) * scalar(min(cryptoviz_lake_readable)) '
    "* scalar(min(cryptoviz_kafka_known)) * scalar(min(cryptoviz_tail_included)) "
    '* scalar(sum(cryptoviz_table_lag_messages{table=~"gold_.*"}) < bool 10000))'
)
"""1 where all of it is well, 0 where something is not, and no value where something is not measured."""
OPTIONS: Mapping[str, Any] = {
    "timeseries": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
    "stat": {"colorMode": "background", "graphMode": "none", "reduceOptions": {"calcs": ["lastNotNull"]}},
}
_YES_NO = [
    {
        "type": "value",
        "options": {"1": {"text": "well", "color": "green"}, "0": {"text": "not well", "color": "red"}},
    },
    {
        "type": "special",
        "options": {"match": "null+nan", "result": {"text": "not measured", "color": "orange"}},
    },
]


@dataclass(frozen=True)
class Panel:
    """One chart; ``queries`` are {PromQL: legend}."""

    title: str
    queries: Mapping[str, str]
    unit: str = "short"
    kind: str = "timeseries"
    description: str = ""


def quantiles(metric: str, by: str = "") -> dict[str, str]:
    """Return the queries for the median and the 95 % quantile of a histogram."""
    legend = f" {{{{{by}}}}}" if by else ""
    buckets = f"sum by (le{', ' + by if by else ''}) (rate({metric}_bucket[5m]))"
    return {f"histogram_quantile({q}, {buckets})": f"p{round(q * 100)}{legend}" for q in (0.5, 0.95)}


def hits(metric: str) -> str:
    """Return the query for the share of a cache's requests that it answered."""
    return f'sum(rate({metric}{{result="hit"}}[5m])) / sum(rate({metric}[5m]))'


ROWS: Mapping[str, tuple[Panel, ...]] = {
    "Is it well?": (
        Panel(
            "Is it well?",
            {WELL: "the pipeline"},
            kind="stat",
            description="Well: every process answers, the lake can be read, Kafka answers, answers hold the tail, and "
            "gold is under 10,000 messages behind. If not, the rows below say which; what to do: docs/operations.md.",
        ),
        Panel(
            "Processes that answer, of all",
            {'count(up{job=~"cryptoviz-.*"} == 1)': "answer", 'count(up{job=~"cryptoviz-.*"})': "all"},
            kind="stat",
            description="A process that does not answer is stopped, or its address in prometheus.yml is wrong.",
        ),
        Panel(
            "Age of the newest row of gold",
            {'min(time() - cryptoviz_table_newest_ingest_time_seconds{table=~"gold_.*"})': "newest"},
            unit="s",
            kind="stat",
            description="Since any gold table has ingested a row. It grows while sources are silent, too.",
        ),
    ),
    "Health": (
        Panel("Processes that give metrics", {'up{job=~"cryptoviz-.*"}': "{{job}}"}),
        Panel(
            "Lake, Kafka, tail (1: healthy)",
            {
                "cryptoviz_lake_readable": "lake can be read",
                "cryptoviz_kafka_known": "Kafka answers",
                "cryptoviz_tail_included": "answers hold the tail",
            },
        ),
        Panel("Free disk", {"cryptoviz_disk_free_bytes": "free"}, "bytes"),
    ),
    "Ingestion": (
        Panel("Messages behind Kafka", {"sum by (table) (cryptoviz_table_lag_messages)": "{{table}}"}),
        Panel(
            "Age of the newest message at its commit", quantiles("cryptoviz_ingest_freshness_seconds"), "s"
        ),
        Panel("Seconds of a batch", quantiles("cryptoviz_ingest_batch_seconds", "step"), "s"),
        Panel(
            "Messages a second",
            {
                "rate(cryptoviz_ingest_records_total[5m])": "read",
                "rate(cryptoviz_ingest_duplicates_total[5m])": "duplicates",
            },
            "cps",
        ),
        Panel(
            "Quarantined a minute, by rule",
            {
                "60 * sum by (topic, rule) (rate(cryptoviz_ingest_quarantined_total[5m]))": "{{topic}} {{rule}}"
            },
        ),
        Panel(
            "Age of the newest row", {"time() - cryptoviz_table_newest_ingest_time_seconds": "{{table}}"}, "s"
        ),
        Panel("Restarts in 15 minutes", {"increase(cryptoviz_interruptions_total[15m])": "{{service}}"}),
        Panel("Analysis: messages behind", {"cryptoviz_analysis_lag_messages": "{{query}}"}),
        Panel("Analysis: seconds of a batch", quantiles("cryptoviz_analysis_batch_seconds", "query"), "s"),
    ),
    "Tables": (
        Panel("Files", {"cryptoviz_table_files": "{{table}}"}),
        Panel("Bytes", {"cryptoviz_table_bytes": "{{table}}"}, "bytes"),
        Panel("Rows", {"cryptoviz_table_rows": "{{table}}"}),
        Panel("Figures of the newest runs", {"cryptoviz_maintenance_last_figures": "{{command}} {{figure}}"}),
        Panel(
            "Since the newest run ended",
            {"time() - cryptoviz_maintenance_last_end_time_seconds": "{{command}}"},
            "s",
        ),
        Panel("Seconds of a run (--every)", quantiles("cryptoviz_maintenance_run_seconds", "command"), "s"),
    ),
    "API": (
        Panel(
            "Requests a second",
            {"sum by (endpoint) (rate(cryptoviz_http_request_seconds_count[5m]))": "{{endpoint}}"},
            "reqps",
        ),
        Panel("Seconds of an answer", quantiles("cryptoviz_http_request_seconds", "endpoint"), "s"),
        Panel(
            "Errors a second",
            {
                "sum by (endpoint, status) "
                '(rate(cryptoviz_http_request_seconds_count{status=~"4xx|5xx"}[5m]))': "{{endpoint}} {{status}}"
            },
            "reqps",
        ),
        Panel(
            "Cache hits",
            {
                hits("cryptoviz_response_cache_requests_total"): "responses",
                hits("cryptoviz_column_reads_total"): "columns",
            },
            "percentunit",
        ),
        Panel("Memory of caches", {"cryptoviz_cache_bytes": "{{cache}}"}, "bytes"),
        Panel("Messages in the tail", {"cryptoviz_tail_messages": "{{table}}"}),
        Panel("WebSocket clients", {"cryptoviz_websocket_clients": "connected"}),
        Panel("Frames a second", {"rate(cryptoviz_websocket_frames_total[5m])": "sent"}, "cps"),
        Panel(
            "Slow clients disconnected in 10 minutes",
            {"increase(cryptoviz_websocket_slow_clients_total[10m])": "clients"},
        ),
    ),
    "Collectors": (
        Panel("New a minute", {"60 * rate(cryptoviz_collect_items_total[5m])": "{{source}}"}),
        Panel(
            "Failed requests",
            {
                "rate(cryptoviz_collect_errors_total[15m]) / rate(cryptoviz_collect_requests_total[15m])": "{{source}}"
            },
            "percentunit",
        ),
        Panel(
            "Since the newest item", {"time() - cryptoviz_collect_last_item_time_seconds": "{{source}}"}, "s"
        ),
    ),
}


FRAME: Mapping[str, Any] = {
    "uid": "cryptoviz",
    "title": "CRYPTO VIZ",
    "tags": ["cryptoviz"],
    "schemaVersion": 39,
    "editable": True,
    "refresh": "30s",
    "time": {"from": "now-3h", "to": "now"},
    "templating": {
        "list": [{"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Prometheus"}]
    },
    "annotations": {
        "list": [
            {
                "name": "Alerts",
                "datasource": DATASOURCE,
                "enable": True,
                "iconColor": "red",
                "expr": 'ALERTS{alertname!="", alertstate="firing"}',
                "titleFormat": "{{alertname}}",
            }
        ]
    },
}


def to_files() -> dict[str, str]:
    """Return {path below the repository: content} of the dashboard."""
    return {FILE: json.dumps(to_dashboard(), indent=1) + "\n"}


def to_dashboard() -> dict[str, Any]:
    """Return the document that Grafana imports; it asks for the data source then."""
    panels: list[dict[str, Any]] = []
    y = 0
    for title, row_panels in ROWS.items():
        panels.append(
            {
                "id": len(panels) + 1,
                "type": "row",
                "title": title,
                "collapsed": False,
                "gridPos": {"h": 1, "w": 24, "x": 0, "y": y},
                "panels": [],
            }
        )
        y += 1
        for at, panel in enumerate(row_panels):
            grid = {"h": HEIGHT, "w": WIDTH, "x": at % N_COLUMNS * WIDTH, "y": y + at // N_COLUMNS * HEIGHT}
            panels.append(_to_panel(panel, len(panels) + 1, grid))
        y += -(-len(row_panels) // N_COLUMNS) * HEIGHT
    return {**FRAME, "panels": panels}


def _to_panel(panel: Panel, number: int, grid: dict[str, int]) -> dict[str, Any]:
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.description,
        "datasource": DATASOURCE,
        "gridPos": grid,
        "fieldConfig": {"defaults": _defaults(panel), "overrides": []},
        "options": OPTIONS[panel.kind],
        "targets": [
            {"refId": chr(65 + at), "datasource": DATASOURCE, "expr": expr, "legendFormat": legend}
            for at, (expr, legend) in enumerate(panel.queries.items())
        ],
    }


def _defaults(panel: Panel) -> dict[str, Any]:
    defaults: dict[str, Any] = {"unit": panel.unit, "min": 0}
    if WELL in panel.queries:
        defaults["mappings"] = _YES_NO
    elif panel.kind == "stat":
        defaults["color"] = {"mode": "fixed", "fixedColor": "blue"}
    return defaults
