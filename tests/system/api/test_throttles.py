"""Rates against a real server of two processes: whom they stop, whom they do not, and what does not get around them."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import pytest

from tests.support.api_process import ApiProcess, running_api
from tests.support.lake_builder import build_lake
from tests.support.users import PASSWORD, Reply, Visitor, make_people, signed_in, with_token

Start = Callable[..., ApiProcess]
HISTORY = "/api/v1/sentiment/btc/historique"
VIEWS = "/api/v1/vues"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Yield a starter of servers over a small lake, with settings of their own; ann and bob may sign in."""
    with ExitStack() as stack:

        def run(**environ: str) -> ApiProcess:
            server = stack.enter_context(running_two_processes(tmp_path, **environ))
            make_people(tmp_path / "runtime", "ann", "bob")
            return server

        yield run


@pytest.fixture(scope="module")
def behind_proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    """Yield the proxy of a server that answers an address three times an hour, and trusts one proxy."""
    settings = {"CRYPTOVIZ_RATE_LIMIT": "3/hour", "CRYPTOVIZ_TRUSTED_PROXIES": "1"}
    with running_two_processes(tmp_path_factory.mktemp("proxy"), **settings) as server:
        yield Visitor(server.port)


def running_two_processes(folder: Path, **environ: str) -> AbstractContextManager[ApiProcess]:
    build_lake(folder / "lake", sentiment=[{}])
    settings = {"CRYPTOVIZ_HTTP_WORKERS": "2"} | environ
    return running_api(lake=folder / "lake", runtime_dir=folder / "runtime", **settings)


def assert_told_to_wait(reply: Reply, *, most_seconds: int) -> None:
    assert reply.status == 429
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert reply.document["status"] == 429
    assert 0 < int(reply.headers["Retry-After"]) <= most_seconds


def test_address_over_its_rate_waits_and_another_does_not(tmp_path: Path) -> None:
    with running_two_processes(tmp_path, CRYPTOVIZ_RATE_LIMIT="5/hour") as server:
        first, second = Visitor(server.port), Visitor(server.port, address="127.0.0.2")
        assert [first.ask("GET", "/api/v1/schema").status for _ in range(5)] == [200] * 5
        assert_told_to_wait(first.ask("GET", "/api/v1/schema"), most_seconds=3600)
        assert second.ask("GET", "/api/v1/schema").status == 200
        for header in ("X-Forwarded-For", "Forwarded", "X-Real-Ip", "Client-Ip"):
            forged = first.ask("GET", "/api/v1/schema", **{header: "192.0.2.9"})
            assert_told_to_wait(forged, most_seconds=3600)


def test_behind_a_proxy_what_it_adds_counts_and_what_a_client_says_before_does_not(
    behind_proxy: Visitor,
) -> None:
    statuses = [
        behind_proxy.ask("GET", "/api/v1/schema", X_Forwarded_For=f"192.0.2.{n}, 198.51.100.7").status
        for n in range(4)
    ]
    assert statuses == [200, 200, 200, 429]
    assert behind_proxy.ask("GET", "/api/v1/schema", X_Forwarded_For="198.51.100.8").status == 200


def test_whoever_has_a_network_of_ipv6_is_one_address(behind_proxy: Visitor) -> None:
    statuses = [
        behind_proxy.ask("GET", "/api/v1/schema", X_Forwarded_For=f"2001:db8:1:2::{n:x}").status
        for n in range(4)
    ]
    assert statuses == [200, 200, 200, 429]
    assert behind_proxy.ask("GET", "/api/v1/schema", X_Forwarded_For="2001:db8:1:3::1").status == 200


def test_user_over_their_rate_waits_by_session_and_token_alike_and_another_does_not(start: Start) -> None:
    server = start(CRYPTOVIZ_USER_RATE_LIMIT="8/hour", CRYPTOVIZ_HISTORY_OPEN="no")
    ann, bob = signed_in(server.port, "ann"), signed_in(server.port, "bob")
    _, text = ann.make_token("views:read", "history:read")
    token = with_token(server.port, text)
    while (reply := ann.ask("GET", VIEWS)).status == 200:
        continue
    assert_told_to_wait(reply, most_seconds=3600)
    assert_told_to_wait(token.ask("GET", VIEWS), most_seconds=3600)
    assert_told_to_wait(token.ask("GET", HISTORY + "?periode=1h"), most_seconds=3600)
    ann.address = "127.0.0.3"
    assert_told_to_wait(ann.ask("GET", VIEWS), most_seconds=3600)
    assert bob.ask("GET", VIEWS).status == 200


def test_passwords_are_guessed_ten_times_however_fast_and_from_wherever(start: Start) -> None:
    server = start()
    guessers = [Visitor(server.port, address=f"127.0.1.{n + 1}") for n in range(32)]
    for guesser in guessers:
        guesser.ask("GET", "/connexion")
    statuses: Counter[int] = Counter()

    def guess(guesser: Visitor) -> None:
        statuses[guesser.try_password("ann", "guess").status] += 1

    threads = [threading.Thread(target=guess, args=(guesser,)) for guesser in guessers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == {401: 10, 429: 22}
    response = Visitor(server.port).try_password("ann", PASSWORD)
    assert response.status == 429
    assert 0 < int(response.headers["Retry-After"]) <= 60
    assert Visitor(server.port, address="127.0.2.1").try_password("bob", PASSWORD).status == 302


def test_address_that_guesses_is_stopped_whatever_names_and_headers_it_gives(start: Start) -> None:
    server = start(CRYPTOVIZ_SIGN_IN_RATE_LIMIT="3/hour")
    guesser = Visitor(server.port)
    statuses = [
        guesser.try_password(f"name{n}", "x", X_Forwarded_For=f"192.0.2.{n}").status for n in range(5)
    ]
    assert statuses == [401, 401, 401, 429, 429]
    # What was refused for its address counts against no name.
    assert Visitor(server.port, address="127.0.0.9").try_password("name4", "x").status == 401
