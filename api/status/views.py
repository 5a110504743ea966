"""Views of the status: the state of the lake, metrics and probes."""

from functools import cache

from django.http import HttpResponse
from rest_framework.request import Request

from api.access.base_views import LakeView, respond
from api.access.permissions import Access
from api.docs.openapi import openapi_document
from api.http import clock
from api.http.query import check_no_names
from api.http.renderers import JsonRenderer, MetricsRenderer
from api.metadata.configuration import notice
from api.metrics.registry import exposition
from api.process.lake import current_lake, current_settings
from api.status.documents import to_state_document
from api.status.lag import EndOffsetWatch
from api.status.lake_metrics import LakeMetrics
from api.status.sampler import current_sampler
from api.status.state import LakeState, read_state
from lakehouse.messages.contract import CONTRACTS
from lakehouse.schema.tables import ASSET_TABLES


@cache
def _watch() -> EndOffsetWatch:
    settings = current_settings()
    return EndOffsetWatch(settings.kafka.for_kafka_python(), every_seconds=settings.lag_seconds)


class StateView(LakeView):
    """GET the tables, their positions and freshness, the lag behind Kafka, and losses."""

    def get(self, request: Request) -> HttpResponse:
        check_no_names(request.query_params)
        return respond(to_state_document(_current_state(), notice=notice()))


class HealthView(LakeView):
    """GET whether this process answers; reads nothing."""

    read = Access.ANYBODY
    throttle_classes = ()

    def get(self, request: Request) -> HttpResponse:
        return respond({"status": "ok"})


class ReadyView(LakeView):
    """GET whether this process can answer histories: every table of theirs exists."""

    read = Access.ANYBODY
    throttle_classes = ()

    def get(self, request: Request) -> HttpResponse:
        snapshot = current_lake().snapshot(*(spec.name for spec in ASSET_TABLES))
        is_open = current_settings().history_open
        versions = {name: table.version for name, table in snapshot.tables.items() if is_open}
        return respond({"status": "ready", "versions": versions})


class MetricsView(LakeView):
    """GET the metrics of all processes of this API, and of the lake, for Prometheus."""

    throttle_classes = ()
    renderer_classes = (MetricsRenderer, JsonRenderer)

    def get(self, request: Request) -> HttpResponse:
        check_no_names(request.query_params)
        current_sampler().sample()
        location = current_lake().location
        folder = location.to_path() if location.is_local else None
        text, media_type = exposition(LakeMetrics(_current_state, folder=folder))
        return HttpResponse(text, content_type=media_type, headers={"Cache-Control": "no-store"})


class SchemaView(LakeView):
    """GET this API as OpenAPI 3.1."""

    read = Access.ANYBODY

    def get(self, request: Request) -> HttpResponse:
        check_no_names(request.query_params)
        return respond(openapi_document())


def _current_state() -> LakeState:
    return read_state(
        lake=current_lake(),
        end_offsets=_watch().read(frozenset(CONTRACTS)),
        now_us=clock.now_us(),
        maintenance_seconds=current_settings().maintenance_seconds,
    )
