"""The lake of this process and its tail, opened after the fork, which threads and connections do not survive."""

import atexit
import logging
import threading
import time
from functools import cache

from django.conf import settings as django_settings

from api.tail.follower import Follower
from lakehouse import lake
from lakehouse.errors import LakehouseError
from lakehouse.history.warming import warm
from lakehouse.overview.overview import Overview
from lakehouse.process.settings import Settings
from lakehouse.tail.store import Tail

logger = logging.getLogger(__name__)


@cache
def current_settings() -> Settings:
    """Return this process's settings."""
    settings: Settings = django_settings.CRYPTOVIZ
    return settings


def open_lake(settings: Settings) -> lake.Lake:
    """Return the lake without a tail."""
    location = settings.lake_location()
    return lake.open(
        location.uri,
        location.storage_options,
        columns_budget_bytes=settings.columns_budget_bytes,
        limits=settings.query_limits(),
        market_rules=settings.market_rules(),
    )


def start_warming() -> None:
    """Fill the caches in a thread with what the first requests are likely to read."""
    threading.Thread(
        target=_warm, args=(current_lake(), current_overview()), name="warming", daemon=True
    ).start()


def _warm(opened: lake.Lake, overview: Overview) -> None:
    try:
        warm(opened)
        overview.read(time.time_ns() // 1_000)
    except LakehouseError as error:
        logger.warning("caches not filled, the first requests read the lake reason=%s", error)


@cache
def current_lake() -> lake.Lake:
    """Return this process's lake, with the tail beyond it where there is a Kafka to follow."""
    settings = current_settings()
    opened = open_lake(settings)
    if settings.follows_kafka:
        opened.tail = Tail(max_messages=settings.tail_messages)
        options = settings.kafka.for_kafka_python()
        follower = Follower(opened, opened.tail, options, max_messages=settings.tail_messages)
        follower.start()
        atexit.register(follower.close)
    return opened


@cache
def current_overview() -> Overview:
    """Return this process's overview of its lake."""
    return Overview(current_lake())


@cache
def cursor_key() -> bytes:
    """Return the key that signs cursors."""
    key: str = django_settings.SECRET_KEY
    return key.encode()
