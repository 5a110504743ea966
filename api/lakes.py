"""This process's lake, opened when a request first asks: threads and connections survive no fork."""

import logging
import threading
from functools import cache

from django.conf import settings as django_settings

from lakehouse import lake
from lakehouse.errors import LakehouseError
from lakehouse.settings import Settings
from lakehouse.warming import warm

logger = logging.getLogger(__name__)


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


def start_warming() -> None:
    """Reads what the first questions are likely to be about, beside them. What fails is left to the question."""
    threading.Thread(target=_warm, args=(current_lake(),), name="warming", daemon=True).start()


def _warm(opened: lake.Lake) -> None:
    try:
        warm(opened)
    except LakehouseError as error:
        logger.warning("not warmed reason=%s", error)


@cache
def cursor_key() -> bytes:
    key: str = django_settings.SECRET_KEY
    return key.encode()
