"""The WebSocket where histories are closed: by session or token, from our own pages, for as long as either lasts."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from socket import create_connection
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from lakehouse.delta.storage import LakeLocation
from lakehouse.messages.contract import CONTRACTS
from lakehouse.process.kafka_settings import KafkaSettings
from streaming.broker.embedded import EmbeddedBroker
from streaming.kafka.topics import create_topics
from tests.support.api_process import ApiProcess, running_api
from tests.support.empty_lake import create_empty_lake
from tests.support.live_gateway import CONNECT_SECONDS
from tests.support.manage_command import run_code
from tests.support.shared_broker import without_topics
from tests.support.users import Visitor, make_people, signed_in

SUBSCRIBE = {"v": 1, "type": "subscribe", "channels": ["sentiment"], "symbols": ["btc"]}
ACCESS_ENDED = 1008
RECHECK_SECONDS = "0.2"
EXPIRE_SESSIONS = (
    "from django.contrib.sessions.models import Session; from django.utils import timezone; "
    "Session.objects.update(expire_date=timezone.now())"
)
EXPIRE_TOKENS = (
    "from api.access.models import ApiToken; from django.utils import timezone; "
    "ApiToken.objects.update(expires_time=timezone.now())"
)
LEAVE = (
    "from django.contrib.auth import get_user_model as m; "
    "m().objects.filter(username='ann').update(is_active=False)"
)
CHANGE_PASSWORD = (
    "from django.contrib.auth import get_user_model as m; "
    "u = m().objects.get(username='ann'); u.set_password('another one altogether'); u.save()"
)


@pytest.fixture(scope="module")
def closed(
    tmp_path_factory: pytest.TempPathFactory, broker_of_worker: EmbeddedBroker
) -> Iterator[tuple[ApiProcess, Path]]:
    """Yield a closed API that rechecks its clients five times a second, and its runtime folder."""
    directory = tmp_path_factory.mktemp("closed")
    location = LakeLocation.parse(str(directory / "lake"))
    broker = without_topics(broker_of_worker)
    described = create_topics(KafkaSettings(bootstrap_servers=broker.bootstrap).for_kafka_python())
    create_empty_lake(location, {topic: described[topic].topic_id for topic in CONTRACTS}).close()
    with running_api(
        lake=location.uri,
        runtime_dir=directory / "runtime",
        bootstrap=broker.bootstrap,
        stop_signal=signal.SIGKILL,
        CRYPTOVIZ_HISTORY_OPEN="no",
        CRYPTOVIZ_LIVE_RECHECK_SECONDS=RECHECK_SECONDS,
        CRYPTOVIZ_ALLOWED_HOSTS="127.0.0.1",
        CRYPTOVIZ_SIGN_IN_RATE_LIMIT="1000/minute",
    ) as process:
        yield process, directory / "runtime"


@pytest.fixture
def ann(closed: tuple[ApiProcess, Path]) -> Iterator[Visitor]:
    """Yield a user with a session, who is deleted afterwards."""
    process, runtime_dir = closed
    make_people(runtime_dir, "ann")
    try:
        yield signed_in(process.port, "ann")
    finally:
        run_code(
            runtime_dir, "from django.contrib.auth import get_user_model as m; m().objects.all().delete()"
        )


def follow(
    port: int, *, host: str = "127.0.0.1", origin: str | None = None, **headers: str
) -> ClientConnection:
    """``host`` is the name by which the server is asked, wherever that leads."""
    return connect(
        f"ws://{host}:{port}/ws/v1/flux",
        sock=create_connection(("127.0.0.1", port)),
        origin=None if origin is None else Origin(origin),
        additional_headers=headers,
    )


def refusal(port: int, **options: Any) -> int:
    with pytest.raises(InvalidStatus) as refused:
        follow(port, **options)
    return refused.value.response.status_code


def is_subscribed(socket: ClientConnection) -> bool:
    """Return whether it is answered, whatever else comes first."""
    socket.send(json.dumps(SUBSCRIBE))
    return any(json.loads(socket.recv(timeout=CONNECT_SECONDS))["type"] == "subscribed" for _ in range(5))


def ending_of(socket: ClientConnection) -> tuple[str, int]:
    """(code of the last error, close code), once the server has closed."""
    code = ""
    try:
        while True:
            frame = json.loads(socket.recv(timeout=CONNECT_SECONDS))
            code = frame["data"]["code"] if frame["type"] == "error" else code
    except ConnectionClosed as closed:
        return code, closed.rcvd.code if closed.rcvd is not None else 1006


def test_session_and_token_are_let_in_and_nobody_else(closed: tuple[ApiProcess, Path], ann: Visitor) -> None:
    port = ann.port
    _, reader = ann.make_token("history:read")
    _, other = ann.make_token("views:read")
    for headers in ({"Cookie": ann.cookie}, {"Authorization": f"Bearer {reader}"}):
        with follow(port, **headers) as socket:
            assert is_subscribed(socket)
    for headers in (
        {},
        {"Cookie": "sessionid=" + "a" * 32},
        {"Cookie": 'sessionid="'},
        {"Authorization": f"Bearer {other}"},
        {"Authorization": "Bearer cviz_x", "Cookie": ann.cookie},
    ):
        assert refusal(port, **headers) == 403, headers
    run_code(closed[1], EXPIRE_TOKENS)
    assert refusal(port, Authorization=f"Bearer {reader}") == 403


def test_own_page_follows_in_a_persons_session_and_a_foreign_one_does_not(ann: Visitor) -> None:
    for origin in (
        "https://evil.example",
        "null",
        "http://127.0.0.1",
        "http://127.0.0.1.evil.example",
        f"http://localhost:{ann.port}",
    ):
        assert refusal(ann.port, origin=origin, Cookie=ann.cookie) == 403, origin
    renamed = f"http://evil.example:{ann.port}"  # a name that was made to lead here
    assert refusal(ann.port, host="evil.example", origin=renamed, Cookie=ann.cookie) == 403
    with follow(ann.port, origin=f"http://127.0.0.1:{ann.port}", Cookie=ann.cookie) as socket:
        assert is_subscribed(socket)


@pytest.mark.parametrize("code", [EXPIRE_SESSIONS, LEAVE, CHANGE_PASSWORD])
def test_session_that_ends_cuts_the_connection(
    closed: tuple[ApiProcess, Path], ann: Visitor, code: str
) -> None:
    with follow(ann.port, Cookie=ann.cookie) as socket:
        assert is_subscribed(socket)
        run_code(closed[1], code)
        assert ending_of(socket) == ("access_ended", ACCESS_ENDED)
    assert refusal(ann.port, Cookie=ann.cookie) == 403


def test_signing_out_cuts_the_connection(ann: Visitor) -> None:
    cookie = ann.cookie
    with follow(ann.port, Cookie=cookie) as socket:
        assert is_subscribed(socket)
        ann.sign_out()
        assert ending_of(socket) == ("access_ended", ACCESS_ENDED)
    assert refusal(ann.port, Cookie=cookie) == 403


@pytest.mark.parametrize("is_revoked", [True, False])
def test_token_that_ends_cuts_its_connection_and_no_other(
    closed: tuple[ApiProcess, Path], ann: Visitor, is_revoked: bool
) -> None:
    number, text = ann.make_token("history:read")
    with (
        follow(ann.port, Authorization=f"Bearer {text}") as socket,
        follow(ann.port, Cookie=ann.cookie) as beside,
    ):
        assert is_subscribed(socket)
        assert is_subscribed(beside)
        if is_revoked:
            assert ann.ask("DELETE", f"/api/v1/jetons/{number}").status == 204
        else:
            run_code(closed[1], EXPIRE_TOKENS)
        assert ending_of(socket) == ("access_ended", ACCESS_ENDED)
        assert is_subscribed(beside)
