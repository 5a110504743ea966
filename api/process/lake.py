"""This process's lake and its tail, opened after the fork: threads and connections survive none."""

import atexit
import logging
import threading
from functools import cache

from django.conf import settings as django_settings

from api.tail.follower import Follower
from lakehouse import lake
from lakehouse.errors import LakehouseError
from lakehouse.history.warming import warm
from lakehouse.process.settings import Settings
from lakehouse.tail.store import Tail

logger = logging.getLogger(__name__)


@cache
def current_settings() -> Settings:
    settings: Settings = django_settings.CRYPTOVIZ
    return settings


def open_lake(settings: Settings) -> lake.Lake:
    """The lake without a tail."""
    location = settings.lake_location()
    return lake.open(
        location.uri,
        location.storage_options,
        columns_budget_bytes=settings.columns_budget_bytes,
        limits=settings.query_limits(),
    )


def start_warming() -> None:
    """Reads what the first questions are likely to be about, beside them. What fails is left to the question."""
    threading.Thread(target=_warm, args=(current_lake(),), name="warming", daemon=True).start()


def _warm(opened: lake.Lake) -> None:
    try:
        warm(opened)
    except LakehouseError as error:
        logger.warning("not warmed reason=%s", error)


@cache
def current_lake() -> lake.Lake:
    """The lake, and the tail beyond it where there is a Kafka to follow."""
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
def cursor_key() -> bytes:
    key: str = django_settings.SECRET_KEY
    return key.encode()
