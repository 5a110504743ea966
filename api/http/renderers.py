"""Representations that negotiation chooses between."""

from collections.abc import Mapping
from typing import Any

from rest_framework.renderers import BaseRenderer

from api.http.encoding import encode_json


class JsonRenderer(BaseRenderer):
    """JSON."""

    media_type = "application/json"
    format = "json"
    charset = None
    render_style = "binary"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return b"" if data is None else encode_json(data)


class CsvRenderer(JsonRenderer):
    """CSV of RFC 4180 with a header line; null is empty."""

    media_type = "text/csv"
    format = "csv"


class NdjsonRenderer(JsonRenderer):
    """JSON Lines, one point a line."""

    media_type = "application/x-ndjson"
    format = "ndjson"


class ArrowRenderer(JsonRenderer):
    """Arrow IPC stream."""

    media_type = "application/vnd.apache.arrow.stream"
    format = "arrow"


class ParquetRenderer(JsonRenderer):
    """Parquet file."""

    media_type = "application/vnd.apache.parquet"
    format = "parquet"


class MetricsRenderer(JsonRenderer):
    """Text format of Prometheus."""

    media_type = "text/plain"
    format = "prometheus"


TABULAR_RENDERERS = (JsonRenderer, CsvRenderer, NdjsonRenderer, ArrowRenderer, ParquetRenderer)
MEDIA_TYPES: Mapping[str, str] = {renderer.format: renderer.media_type for renderer in TABULAR_RENDERERS}
