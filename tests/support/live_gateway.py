"""A broker, an empty lake and the API beside them, and what a client exchanges with the gateway."""

import http.client
import json
import signal
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kafka import KafkaProducer
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from streaming.broker.embedded import EmbeddedBroker
from tests.support.api_process import ApiProcess, running_api
from tests.support.messages import sentiment, to_bytes

CONNECT_SECONDS = 60
"""A gateway that has just been started imports for 10 s and more on a busy machine."""
SUBSCRIBE = {"v": 1, "type": "subscribe", "channels": ["sentiment"], "symbols": ["btc"]}


@dataclass
class Live:
    """A broker and a lake whose gold is empty and stays so: whatever is answered comes from the tail."""

    broker: EmbeddedBroker
    lake_uri: str
    directory: Path
    topic_ids: dict[str, str]

    def send(self, n_messages: int, *, first: int = 0, title: str = "Bitcoin gains") -> None:
        producer = KafkaProducer(bootstrap_servers=self.broker.bootstrap, acks="all")
        for number in range(first, first + n_messages):
            value = to_bytes(sentiment(datetime.now(UTC), key=str(number), title=title))
            producer.send("analyzed-sentiment", key=b"btc", value=value)
        producer.flush()
        producer.close()


def start_api(live: Live, directory: Path, **environ: str) -> Any:
    return running_api(
        lake=live.lake_uri,
        runtime_dir=directory / "runtime",
        bootstrap=live.broker.bootstrap,
        stop_signal=signal.SIGKILL,
        **environ,
    )


def connect_to(api: ApiProcess, **options: Any) -> ClientConnection:
    return connect(f"ws://127.0.0.1:{api.port}/ws/v1/flux", open_timeout=CONNECT_SECONDS, **options)


def exchange(socket: ClientConnection, frame: object) -> dict[str, Any]:
    socket.send(frame if isinstance(frame, str | bytes) else json.dumps(frame))
    return next_frame(socket)


def next_frame(socket: ClientConnection) -> dict[str, Any]:
    """Return the next frame that is no heartbeat."""
    while True:
        frame: dict[str, Any] = json.loads(socket.recv(timeout=CONNECT_SECONDS))
        if frame["type"] != "heartbeat":
            return frame


def close_code(socket: ClientConnection) -> int:
    """Read until the server closes; return its close code."""
    try:
        while True:
            socket.recv(timeout=CONNECT_SECONDS)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd is not None else 1006


def get(api: ApiProcess, path: str) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", api.port, timeout=CONNECT_SECONDS)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()
