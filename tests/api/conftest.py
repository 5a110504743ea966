"""Django without a server: each test points the API at a lake of its own."""

import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

os.environ["CRYPTOVIZ_RUNTIME_DIR"] = tempfile.mkdtemp(prefix="cryptoviz-tests-")
os.environ["DJANGO_SETTINGS_MODULE"] = "api.config.settings"

import django

django.setup()

from django.apps import apps  # noqa: E402 - Django first
from django.conf import settings as django_settings  # noqa: E402 - Django first
from django.contrib.auth import get_user_model  # noqa: E402
from django.core.cache import cache  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402

from api.history.views import response_cache  # noqa: E402
from api.process import lake as lakes  # noqa: E402
from api.status.sampler import current_sampler  # noqa: E402
from lakehouse.time_range import to_us  # noqa: E402
from tests.support.api_client import Api  # noqa: E402
from tests.support.history_queries import DAY_END  # noqa: E402

CACHES = (
    lakes.current_lake,
    lakes.current_overview,
    lakes.current_settings,
    lakes.cursor_key,
    response_cache,
    current_sampler,
)


# The default hasher takes 0.3 s a password on purpose.
django_settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session")
def database() -> Callable[[], None]:
    """Migrate the metadata database and return what gives it the rows of its migrations again.

    Tests that do not ask for it see an API whose database is absent.
    """
    call_command("migrate", interactive=False, verbosity=0)
    if connection.vendor != "sqlite":
        return _flush_and_seed
    migrated = sqlite3.connect(":memory:", check_same_thread=False)
    connection.ensure_connection()
    connection.connection.backup(migrated)
    return lambda: _restore(migrated)


@pytest.fixture
def people(database: Callable[[], None]) -> Iterator[dict[str, Any]]:
    """Yield ann, bob and staff, on a database with its first rows."""
    database()
    cache.clear()
    users = get_user_model().objects
    yield {
        "ann": users.create_user("ann"),
        "bob": users.create_user("bob"),
        "staff": users.create_superuser("staff"),
    }
    database()


def _restore(migrated: sqlite3.Connection) -> None:
    """Copy a migrated SQLite database: 5 ms, where a flush and the seed take 300."""
    connection.ensure_connection()
    migrated.backup(connection.connection)


def _flush_and_seed() -> None:
    call_command("flush", interactive=False, verbosity=0)
    import_module("api.metadata.migrations.0002_seed").seed(apps, SimpleNamespace(connection=connection))


@pytest.fixture
def api_of(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], Api]]:
    """Yield a maker of the API over the lake at a path, at the end of the day 2026-01-10."""
    yield from _pointing(monkeypatch)


@pytest.fixture(scope="module")
def module_api_of() -> Iterator[Callable[[Path], Api]]:
    """Yield the same for a lake that no test of a module changes."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield from _pointing(monkeypatch)


def _pointing(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], Api]]:
    def point(path: Path) -> Api:
        settings = django_settings.CRYPTOVIZ.model_copy(
            update={"lake_uri": str(path), "cursor_wait_seconds": 0.05}
        )
        monkeypatch.setattr(django_settings, "CRYPTOVIZ", settings)
        for cached in CACHES:
            cached.cache_clear()
        return Api(Client(raise_request_exception=False))

    monkeypatch.setattr("api.http.clock.now_us", lambda: to_us(DAY_END))
    yield point
    for cached in CACHES:
        cached.cache_clear()
