"""This process's lake, opened when a request first asks: threads and connections survive no fork."""

from functools import cache

from django.conf import settings as django_settings

from lakehouse import lake
from lakehouse.settings import Settings


@cache
def current_settings() -> Settings:
    settings: Settings = django_settings.CRYPTOVIZ
    return settings


@cache
def current_lake() -> lake.Lake:
    settings = current_settings()
    location = settings.lake_location()
    return lake.open(
        location.uri,
        location.storage_options,
        columns_budget_bytes=settings.columns_budget_bytes,
        limits=settings.query_limits(),
    )


@cache
def cursor_key() -> bytes:
    key: str = django_settings.SECRET_KEY
    return key.encode()
