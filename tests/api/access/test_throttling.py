"""Limits of a client: requests per address, statements at once, the time of one."""

import re
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache

from api.process import lake as lakes
from tests.support.api_client import Api
from tests.support.lake_builder import build_lake
from tests.support.query_slots import hold_slot

ApiOf = Callable[[Path], Api]
WITHOUT_COLUMNS = {"columns_budget_bytes": 0}


@pytest.fixture
def limited(tmp_path: Path, api_of: ApiOf, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Api]:
    """Return a maker of the API over a small lake, with settings of its own."""
    build_lake(tmp_path, sentiment=[{}], prediction=[{}], price=[{}])
    cache.clear()

    def make(**settings: object) -> Api:
        api = api_of(tmp_path)
        monkeypatch.setattr(
            django_settings, "CRYPTOVIZ", django_settings.CRYPTOVIZ.model_copy(update=settings)
        )
        for cached in (lakes.current_lake, lakes.current_settings):
            cached.cache_clear()
        return api

    return make


def test_address_over_its_rate_gets_429_and_when_to_come_back(limited: Callable[..., Api]) -> None:
    api = limited(rate_limit="3/hour")
    answers = [api.history("sentiment") for _ in range(5)]
    assert [answer.status for answer in answers] == [200, 200, 200, 429, 429]
    assert 3500 < int(answers[-1].headers["Retry-After"]) <= 3600


def test_headers_say_what_is_left_of_a_rate(limited: Callable[..., Api]) -> None:
    api = limited(rate_limit="2/hour")
    answers = [api.history("sentiment") for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert {answer.headers["RateLimit-Policy"] for answer in answers} == {'"address";q=2;w=3600'}
    left = [re.fullmatch(r'"address";r=(\d+);t=(\d+)', answer.headers["RateLimit"]) for answer in answers]
    assert [match and match[1] for match in left] == ["1", "0", "0"]
    assert all(match and 0 < int(match[2]) <= 3600 for match in left)


def test_no_header_of_a_rate_where_none_is_set(limited: Callable[..., Api]) -> None:
    assert "RateLimit" not in limited().history("sentiment").headers


def test_refused_request_counts_and_says_so(limited: Callable[..., Api]) -> None:
    answer = limited(rate_limit="5/min").history("sentiment", "periode=forever")
    assert (answer.status, answer.headers["RateLimit"].partition(";t=")[0]) == (400, '"address";r=4')


def test_forwarded_address_counts_only_behind_a_trusted_proxy(limited: Callable[..., Api]) -> None:
    api = limited(rate_limit="1/hour")
    first, second = ({"X-Forwarded-For": f"192.0.2.{n}"} for n in (1, 2))
    statuses = [api.get("/api/v1/actifs", **headers).status for headers in (first, second)]
    assert statuses == [200, 429]


def test_probes_are_never_refused(limited: Callable[..., Api]) -> None:
    api = limited(rate_limit="1/hour")
    assert {api.get(path).status for path in ("/healthz", "/readyz") for _ in range(3)} == {200}


def test_any_number_of_requests_where_no_rate_is_set(limited: Callable[..., Api]) -> None:
    api = limited()
    assert {api.get("/api/v1/schema").status for _ in range(50)} == {200}


def test_query_beyond_the_cap_gets_503_and_when_to_come_back(limited: Callable[..., Api]) -> None:
    api = limited(heavy_queries=1, heavy_wait_seconds=0.01, **WITHOUT_COLUMNS)
    ended = threading.Event()
    holder = hold_slot(lakes.current_lake().session, ended)
    refused = api.history("sentiment")
    ended.set()
    holder.join()

    assert (refused.status, refused.headers["Retry-After"]) == (503, "2")
    assert refused.document["detail"] == "1 heavy queries run already, after 0.01 s of waiting"
    assert api.history("sentiment").status == 200


def test_query_that_costs_too_much_says_how_to_ask_for_less(limited: Callable[..., Api]) -> None:
    api = limited(query_memory_bytes=1_000_000, **WITHOUT_COLUMNS)
    refused = api.history("sentiment")
    assert (refused.status, refused.headers["Retry-After"]) == (503, "2")
    assert "a shorter range" in refused.document["accepted"]
