"""This process's lake and its tail, opened after the fork: threads and connections survive none."""

from functools import cache

from django.conf import settings as django_settings

from api.live.follower import Follower
from lakehouse import lake
from lakehouse.settings import Settings
from lakehouse.tail import Tail


@cache
def current_settings() -> Settings:
    settings: Settings = django_settings.CRYPTOVIZ
    return settings


@cache
def current_lake() -> lake.Lake:
    settings = current_settings()
    location = settings.lake_location()
    opened = lake.open(
        location.uri,
        location.storage_options,
        columns_budget_bytes=settings.columns_budget_bytes,
        limits=settings.query_limits(),
    )
    options = settings.kafka_client_options()
    if options and settings.tail_messages > 0:
        opened.tail = Tail(max_messages=settings.tail_messages)
        Follower(opened, opened.tail, options, max_messages=settings.tail_messages).start()
    return opened


@cache
def cursor_key() -> bytes:
    key: str = django_settings.SECRET_KEY
    return key.encode()
