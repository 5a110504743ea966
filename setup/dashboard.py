"""Generator of deploy/grafana/dashboard.json from the list of its panels."""

import json
from dataclasses import dataclass
from typing import Any

FILE = "deploy/grafana/dashboard.json"
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
N_COLUMNS, WIDTH, HEIGHT = 3, 8, 7


@dataclass(frozen=True)
class Panel:
    """One chart; ``queries`` are (PromQL, legend)."""

    title: str
    unit: str
    queries: tuple[tuple[str, str], ...]


def quantiles(metric: str, by: str = "", where: str = "") -> tuple[tuple[str, str], ...]:
    legend = f" {{{{{by}}}}}" if by else ""
    inner = f"sum by (le{', ' + by if by else ''}) (rate({metric}_bucket{where}[5m]))"
    return tuple((f"histogram_quantile({q}, {inner})", f"p{round(q * 100)}{legend}") for q in (0.5, 0.95))


ROWS: tuple[tuple[str, tuple[Panel, ...]], ...] = (
    (
        "Health",
        (
            Panel("Processes that give metrics", "short", (('up{job=~"cryptoviz-.*"}', "{{job}}"),)),
            Panel(
                "Lake, Kafka, tail (1: healthy)",
                "short",
                (
                    ("cryptoviz_lake_readable", "lake can be read"),
                    ("cryptoviz_kafka_known", "Kafka answers"),
                    ("cryptoviz_tail_included", "answers hold the tail"),
                ),
            ),
            Panel("Free disk", "bytes", (("cryptoviz_disk_free_bytes", "free"),)),
        ),
    ),
    (
        "Ingestion",
        (
            Panel(
                "Messages behind Kafka",
                "short",
                (("sum by (table) (cryptoviz_table_lag_messages)", "{{table}}"),),
            ),
            Panel(
                "Age of the newest message at its commit",
                "s",
                quantiles("cryptoviz_ingest_freshness_seconds"),
            ),
            Panel("Seconds of a batch", "s", quantiles("cryptoviz_ingest_batch_seconds", "step")),
            Panel(
                "Messages a second",
                "cps",
                (
                    ("rate(cryptoviz_ingest_records_total[5m])", "read"),
                    ("rate(cryptoviz_ingest_duplicates_total[5m])", "duplicates"),
                ),
            ),
            Panel(
                "Quarantined a minute, by rule",
                "short",
                (
                    (
                        "60 * sum by (topic, rule) (rate(cryptoviz_ingest_quarantined_total[5m]))",
                        "{{topic}} {{rule}}",
                    ),
                ),
            ),
            Panel(
                "Age of the newest row",
                "s",
                (("time() - cryptoviz_table_newest_ingest_time_seconds", "{{table}}"),),
            ),
            Panel(
                "Restarts in 15 minutes",
                "short",
                (("increase(cryptoviz_interruptions_total[15m])", "{{service}}"),),
            ),
            Panel("Analysis: messages behind", "short", (("cryptoviz_analysis_lag_messages", "{{query}}"),)),
            Panel(
                "Analysis: seconds of a batch", "s", quantiles("cryptoviz_analysis_batch_seconds", "query")
            ),
        ),
    ),
    (
        "Tables",
        (
            Panel("Files", "short", (("cryptoviz_table_files", "{{table}}"),)),
            Panel("Bytes", "bytes", (("cryptoviz_table_bytes", "{{table}}"),)),
            Panel("Rows", "short", (("cryptoviz_table_rows", "{{table}}"),)),
            Panel(
                "Figures of the newest runs",
                "short",
                (("cryptoviz_maintenance_last_gained", "{{command}} {{figure}}"),),
            ),
            Panel(
                "Since the newest run ended",
                "s",
                (("time() - cryptoviz_maintenance_last_end_time_seconds", "{{command}}"),),
            ),
            Panel(
                "Seconds of a run (--every)", "s", quantiles("cryptoviz_maintenance_run_seconds", "command")
            ),
        ),
    ),
    (
        "API",
        (
            Panel(
                "Requests a second",
                "reqps",
                (("sum by (endpoint) (rate(cryptoviz_http_request_seconds_count[5m]))", "{{endpoint}}"),),
            ),
            Panel("Seconds of an answer", "s", quantiles("cryptoviz_http_request_seconds", "endpoint")),
            Panel(
                "Errors a second",
                "reqps",
                (
                    (
                        'sum by (endpoint, status) (rate(cryptoviz_http_request_seconds_count{status=~"4xx|5xx"}[5m]))',
                        "{{endpoint}} {{status}}",
                    ),
                ),
            ),
            Panel(
                "Cache hits",
                "percentunit",
                (
                    (
                        'sum(rate(cryptoviz_response_cache_requests_total{result="hit"}[5m])) / '
                        "sum(rate(cryptoviz_response_cache_requests_total[5m]))",
                        "responses",
                    ),
                    (
                        'sum(rate(cryptoviz_column_reads_total{result="hit"}[5m])) / '
                        "sum(rate(cryptoviz_column_reads_total[5m]))",
                        "columns",
                    ),
                ),
            ),
            Panel("Memory of caches", "bytes", (("cryptoviz_cache_bytes", "{{cache}}"),)),
            Panel("Messages in the tail", "short", (("cryptoviz_tail_messages", "{{table}}"),)),
            Panel("WebSocket clients", "short", (("cryptoviz_websocket_clients", "connected"),)),
            Panel("Frames a second", "cps", (("rate(cryptoviz_websocket_frames_total[5m])", "sent"),)),
            Panel(
                "Slow clients disconnected in 10 minutes",
                "short",
                (("increase(cryptoviz_websocket_slow_clients_total[10m])", "clients"),),
            ),
        ),
    ),
    (
        "Collectors",
        (
            Panel("New a minute", "short", (("60 * rate(cryptoviz_collect_items_total[5m])", "{{source}}"),)),
            Panel(
                "Failed requests",
                "percentunit",
                (
                    (
                        "rate(cryptoviz_collect_errors_total[15m]) / rate(cryptoviz_collect_requests_total[15m])",
                        "{{source}}",
                    ),
                ),
            ),
            Panel(
                "Since the newest item",
                "s",
                (("time() - cryptoviz_collect_last_item_time_seconds", "{{source}}"),),
            ),
        ),
    ),
)


def to_files() -> dict[str, str]:
    """Return {path below the repository: content} of the dashboard."""
    return {FILE: json.dumps(to_dashboard(), indent=1) + "\n"}


def to_dashboard() -> dict[str, Any]:
    """Return the document that Grafana imports; it asks for the data source then."""
    panels: list[dict[str, Any]] = []
    y = 0
    for title, row_panels in ROWS:
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
    return {
        "uid": "cryptoviz",
        "title": "CRYPTO VIZ",
        "tags": ["cryptoviz"],
        "schemaVersion": 39,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "templating": {
            "list": [
                {"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Prometheus"}
            ]
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
        "panels": panels,
    }


def _to_panel(panel: Panel, number: int, grid: dict[str, int]) -> dict[str, Any]:
    return {
        "id": number,
        "type": "timeseries",
        "title": panel.title,
        "datasource": DATASOURCE,
        "gridPos": grid,
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
        "targets": [
            {"refId": chr(65 + at), "datasource": DATASOURCE, "expr": expr, "legendFormat": legend}
            for at, (expr, legend) in enumerate(panel.queries)
        ],
    }
