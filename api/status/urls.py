"""Paths of the status."""

from api.http.patterns import route
from api.status.views import HealthView, MetricsView, ReadyView, SchemaView, StateView

urlpatterns = [
    route("schema", SchemaView, "schema"),
    route("etat", StateView, "etat"),
]
probe_urls = [
    route("healthz", HealthView, "healthz"),
    route("readyz", ReadyView, "readyz"),
    route("metrics", MetricsView, "metrics"),
]
