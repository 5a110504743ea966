"""Paths of the status; a trailing slash is accepted too."""

from django.urls import re_path

from api.status.views import AssetsView, HealthView, MetricsView, ReadyView, SchemaView, StateView

urlpatterns = [
    re_path(r"\Aactifs/?\Z", AssetsView.as_view(), name="actifs"),
    re_path(r"\Aschema/?\Z", SchemaView.as_view(), name="schema"),
    re_path(r"\Aetat/?\Z", StateView.as_view(), name="etat"),
]
probe_urls = [
    re_path(r"\Ahealthz/?\Z", HealthView.as_view(), name="healthz"),
    re_path(r"\Areadyz/?\Z", ReadyView.as_view(), name="readyz"),
    re_path(r"\Ametrics/?\Z", MetricsView.as_view(), name="metrics"),
]
