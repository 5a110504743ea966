"""The metadata database as an entry of DATABASES: SQLite in a file, or PostgreSQL by its URL."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from lakehouse.errors import SettingError
from lakehouse.process.service_addresses import check_database_url

VARIABLE = "CRYPTOVIZ_DATABASE_URL"
SQLITE_WAIT_SECONDS = 10
_CONNECTION_SECONDS = 60


def to_database(url: str, *, sqlite_path: Path) -> dict[str, Any]:
    """Return one entry of DATABASES. Raises SettingError, which never shows the URL: it holds a password.

    >>> to_database("postgresql://ann@db.example/viz", sqlite_path=Path("x"))["HOST"]
    'db.example'
    """
    if not url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(sqlite_path),
            "OPTIONS": {
                # Readers never wait for a writer; writers wait for each other from the start of a transaction.
                "init_command": "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL",
                "transaction_mode": "IMMEDIATE",
                "timeout": SQLITE_WAIT_SECONDS,
            },
        }
    try:
        parts = urlsplit(check_database_url(url))
    except ValueError as error:
        raise SettingError(variable=VARIABLE, problem=str(error)) from error
    options: dict[str, str] = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path[1:]),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "OPTIONS": options,
        "CONN_MAX_AGE": _CONNECTION_SECONDS,
        "CONN_HEALTH_CHECKS": True,
    }
