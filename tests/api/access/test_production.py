"""Production settings that are refused, and headers: in processes of their own, as settings are read once."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from api.config.databases import to_database
from api.config.production import check_production
from lakehouse.errors import SettingError
from lakehouse.process.settings import Settings
from tests.support.python_command import run_python

KEY = "kX2vQ9sLw7RzP4tYbN8mHc3FgJ6dAeU5iVoT1qBnZxWlCyKpM0"
PRODUCTION = {
    "CRYPTOVIZ_PRODUCTION": "yes",
    "CRYPTOVIZ_SECRET_KEY": KEY,
    "CRYPTOVIZ_ALLOWED_HOSTS": "viz.example",
    "CRYPTOVIZ_TRUSTED_PROXIES": "1",
}
ASK = """
import json, os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "api.config.settings"
import django
django.setup()
from django.test import Client
method, path, headers = json.loads(sys.argv[1])
answer = Client().generic(method, path, headers=headers)
print(json.dumps([answer.status_code, {name.lower(): value for name, value in answer.headers.items()}]))
"""


def run(runtime_dir: Path, *command: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return run_python(*command, environ={"CRYPTOVIZ_RUNTIME_DIR": str(runtime_dir), **environ})


def ask(runtime_dir: Path, method: str, path: str, headers: dict[str, str], **environ: str) -> Any:
    done = run(runtime_dir, "-c", ASK, json.dumps([method, path, headers]), **environ)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_check_deploy_is_clean(tmp_path: Path) -> None:
    done = run(tmp_path, "manage.py", "check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CRYPTOVIZ_DEBUG", "yes"),
        ("CRYPTOVIZ_SECRET_KEY", ""),
        ("CRYPTOVIZ_SECRET_KEY", "a" * 60),
        ("CRYPTOVIZ_SECRET_KEY", "django-insecure-" + KEY),
        ("CRYPTOVIZ_ALLOWED_HOSTS", "*"),
        ("CRYPTOVIZ_TRUSTED_PROXIES", "0"),
        ("CRYPTOVIZ_LIVE_ORIGINS", "*"),
    ],
)
def test_api_refuses_to_start(tmp_path: Path, variable: str, value: str) -> None:
    done = run(tmp_path, "-m", "api", **(PRODUCTION | {variable: value, "CRYPTOVIZ_HTTP_PORT": "0"}))
    assert done.returncode == 2
    assert variable in done.stderr
    assert KEY not in done.stderr


@pytest.mark.parametrize(
    "hosts", ["viz.example", ".viz.example", "localhost", "viz.example.co.uk", ".viz.co.uk"]
)
def test_production_with_all_of_its_own_is_taken(hosts: str) -> None:
    check_production(Settings(production=True, secret_key=KEY, allowed_hosts=hosts, trusted_proxies=1))


@pytest.mark.parametrize(
    "hosts", [".com", ".fr", "viz.example,.io", ".co.uk", ".com.br", ".GOUV.fr", ".localhost"]
)
def test_production_answers_to_no_names_of_everybody(hosts: str) -> None:
    with pytest.raises(SettingError, match="names of everybody"):
        check_production(Settings(production=True, secret_key=KEY, allowed_hosts=hosts, trusted_proxies=1))


def test_production_answers_over_tls_only_but_for_probes(tmp_path: Path) -> None:
    status, headers = ask(tmp_path, "GET", "/api/v1/schema", {"Host": "viz.example"}, **PRODUCTION)
    assert (status, headers["location"]) == (301, "https://viz.example/api/v1/schema")
    secure = {"Host": "viz.example", "X-Forwarded-Proto": "https"}
    status, headers = ask(tmp_path, "GET", "/api/v1/schema", secure, **PRODUCTION)
    assert status == 200
    assert headers["strict-transport-security"] == "max-age=31536000"
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    status, _ = ask(tmp_path, "GET", "/healthz", {"Host": "viz.example"}, **PRODUCTION)
    assert status == 200


def test_host_that_is_not_listed_is_400(tmp_path: Path) -> None:
    evil = {"Host": "evil.example", "X-Forwarded-Proto": "https"}
    assert ask(tmp_path, "GET", "/api/v1/schema", evil, **PRODUCTION)[0] == 400


def test_database_url_is_taken_apart_and_never_shown(tmp_path: Path) -> None:
    url = "postgresql://viz:p%40ss@db.example:5433/metadata?sslmode=require"
    database = to_database(url, sqlite_path=tmp_path)
    assert (database["USER"], database["PASSWORD"], database["PORT"]) == ("viz", "p@ss", "5433")
    assert (database["NAME"], database["OPTIONS"]) == ("metadata", {"sslmode": "require"})
    assert "p%40ss" not in repr(Settings(database_url=url))
    with pytest.raises(SettingError) as refused:
        to_database("mysql://viz:hidden@db.example/x", sqlite_path=tmp_path)
    assert "hidden" not in str(refused.value)
