"""Reading what is open costs no look at the metadata; reading what is closed is cached for nobody else."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection

from api.process import lake as lakes
from tests.support.api_user import Person
from tests.support.lake_builder import build_lake

ApiOf = Callable[[Path], Any]


@pytest.mark.parametrize("who", ["nobody", "ann"])
def test_open_history_asks_the_database_nothing(
    people: dict[str, Any], tmp_path: Path, api_of: ApiOf, who: str
) -> None:
    build_lake(tmp_path, sentiment=[{}])
    api_of(tmp_path)
    person = Person(people.get(who))
    statements: list[str] = []

    def note(execute: Any, sql: str, *rest: Any) -> Any:
        statements.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        for _ in range(2):
            assert person.ask("GET", "/api/v1/sentiment/btc/historique").status == 200
    assert statements == []


def test_closed_history_is_private_and_not_answered_from_memory(
    people: dict[str, Any], tmp_path: Path, api_of: ApiOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_lake(tmp_path, sentiment=[{}])
    api_of(tmp_path)
    Person().ask("GET", "/api/v1/sentiment/btc/historique")
    monkeypatch.setattr(
        django_settings, "CRYPTOVIZ", django_settings.CRYPTOVIZ.model_copy(update={"history_open": False})
    )
    lakes.current_settings.cache_clear()
    assert Person().ask("GET", "/api/v1/sentiment/btc/historique").status == 401
    assert Person().ask("GET", "/readyz").document == {"status": "ready", "versions": {}}
    answer = Person(people["ann"]).ask("GET", "/api/v1/sentiment/btc/historique")
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert {"Cookie", "Authorization"} <= {name.strip() for name in answer.headers["Vary"].split(",")}
