"""Views of the status: what there is, how fresh it is, and whether this process can answer."""

from functools import cache
from typing import Any

from django.http import HttpResponse, QueryDict
from rest_framework.request import Request

from api.access.base_views import LakeView, respond
from api.access.permissions import Access
from api.docs.openapi import openapi_document
from api.history.parameters import check_names
from api.http.clock import now_us
from api.http.renderers import JsonRenderer, MetricsRenderer
from api.metadata.assets import described_assets
from api.metadata.configuration import notice
from api.metrics.lake_metrics import LakeMetrics
from api.metrics.registry import exposition
from api.metrics.sampling import sampler
from api.process.lake import current_lake, current_settings
from api.status import selectors
from api.status.lag import EndOffsetWatch
from lakehouse.messages.contract import CONTRACTS
from lakehouse.schema.tables import ASSET_TABLES


@cache
def _watch() -> EndOffsetWatch:
    settings = current_settings()
    return EndOffsetWatch(settings.kafka.for_kafka_python(), every_seconds=settings.lag_seconds)


class AssetsView(LakeView):
    """GET every symbol, with its first and last event."""

    def get(self, request: Request) -> HttpResponse:
        _check_no_parameters(request.query_params)
        return respond(selectors.assets(lake=current_lake(), described=described_assets()))


class StateView(LakeView):
    """GET the tables, their positions and freshness, the lag behind Kafka, and losses."""

    def get(self, request: Request) -> HttpResponse:
        _check_no_parameters(request.query_params)
        return respond(_read_state(notice()))


class HealthView(LakeView):
    """GET whether this process answers. Looks at nothing else."""

    read = Access.ANYBODY
    throttle_classes = ()

    def get(self, request: Request) -> HttpResponse:
        return respond({"status": "ok"})


class ReadyView(LakeView):
    """GET whether this process can answer histories: every table of theirs is there."""

    read = Access.ANYBODY
    throttle_classes = ()

    def get(self, request: Request) -> HttpResponse:
        snapshot = current_lake().snapshot(*(spec.name for spec in ASSET_TABLES))
        versions = {name: table.version for name, table in snapshot.tables.items()}
        return respond({"status": "ready", "versions": versions})


class MetricsView(LakeView):
    """GET what all processes of this API have measured, and the lake as it stands, for Prometheus."""

    throttle_classes = ()
    renderer_classes = (MetricsRenderer, JsonRenderer)

    def get(self, request: Request) -> HttpResponse:
        _check_no_parameters(request.query_params)
        sampler().sample()
        location = current_lake().location
        folder = location.to_path() if location.is_local else None
        text, media_type = exposition(LakeMetrics(_read_state, folder=folder))
        return HttpResponse(text, content_type=media_type, headers={"Cache-Control": "no-store"})


class SchemaView(LakeView):
    """GET this API as OpenAPI 3.1."""

    read = Access.ANYBODY

    def get(self, request: Request) -> HttpResponse:
        _check_no_parameters(request.query_params)
        return respond(openapi_document())


def _read_state(said: str = "") -> dict[str, Any]:
    return selectors.state(
        lake=current_lake(),
        end_offsets=_watch().read(frozenset(CONTRACTS)),
        now_us=now_us(),
        maintenance_seconds=current_settings().maintenance_seconds,
        notice=said,
    )


def _check_no_parameters(query: QueryDict) -> None:
    check_names(query, lambda name: False, [])
