"""A client as the docs want one: history, then the WebSocket from its position on, and back again after any end."""

import json
import random
import threading
import urllib.error
import urllib.request
from collections import Counter
from typing import Any

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from lakehouse.delta.position import Position

Pair = tuple[str, str]
"""(channel, symbol)"""
HEAR_SECONDS = 8.0


class Recorder(threading.Thread):
    """Records series until it is stopped. What it was given twice, beyond its positions, is in ``repeats``."""

    def __init__(self, port: int, pairs: list[Pair], *, seed: int = 1) -> None:
        super().__init__(name="recorder", daemon=True)
        self._port = port
        self._random = random.Random(seed)
        self._stopping = threading.Event()
        self.series: dict[Pair, dict[str, dict[str, Any]]] = {pair: {} for pair in pairs}
        self.positions: dict[Pair, Position] = {}
        self.repeats: list[tuple[Pair, str]] = []
        self.outcomes: Counter[str] = Counter()
        self.closes: Counter[int] = Counter()
        self.n_updates = 0

    def run(self) -> None:
        while not self._stopping.is_set():
            try:
                for pair in self.series:
                    if pair not in self.positions:
                        self._read_history(pair)
                self._listen()
            except (OSError, WebSocketException, TimeoutError, urllib.error.URLError):
                self._stopping.wait(self._random.uniform(0.1, 0.5))

    def stop(self) -> None:
        self._stopping.set()
        self.join()

    def _listen(self) -> None:
        with connect(f"ws://127.0.0.1:{self._port}/ws/v1/flux", open_timeout=5, close_timeout=1) as socket:
            for pair in self.series:
                self._subscribe(socket, pair)
            try:
                while not self._stopping.is_set():
                    self._take(socket, json.loads(socket.recv(timeout=HEAR_SECONDS)))
            finally:
                if socket.close_code is not None:
                    self.closes[socket.close_code] += 1

    def _subscribe(self, socket: Any, pair: Pair) -> None:
        channel, symbol = pair
        depuis = self.positions[pair].to_json()
        asked = {
            "v": 1,
            "type": "subscribe",
            "channels": [channel],
            "symbols": [symbol],
            "depuis": depuis,
        }
        socket.send(json.dumps(asked))

    def _take(self, socket: Any, frame: dict[str, Any]) -> None:
        pair = (frame["channel"], frame["symbol"])
        if frame["type"] == "subscribed":
            self.outcomes[frame["data"]["outcome"]] += 1
        elif frame["type"] == "gap":
            self._read_history(pair)
            self._subscribe(socket, pair)
        elif frame["type"] == "update":
            position = Position.from_json(frame["position"])
            if not self.positions[pair].covers(position):
                self._add(pair, frame["data"])
                self.positions[pair] = self.positions[pair].advanced(position.offsets)
                self.n_updates += 1

    def _read_history(self, pair: Pair) -> None:
        channel, symbol = pair
        path: str | None = f"/api/v1/{channel}/{symbol}/historique?periode=24h&limite=1000" + (
            "" if channel == "prediction" else "&intervalle=brut"
        )
        position, points = None, []
        while path is not None:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}{path}", timeout=10) as response:
                answer = json.load(response)
            if position is None:
                position = Position.from_json(answer["snapshot"][0]["position"])
            points += answer["points"]
            path = answer["suivant"]
        assert position is not None
        self.series[pair] = {}
        for point in points:
            point.pop("realised_price", None)
            self._add(pair, point)
        self.positions[pair] = position

    def _add(self, pair: Pair, point: dict[str, Any]) -> None:
        if point["message_id"] in self.series[pair]:
            self.repeats.append((pair, point["message_id"]))
        self.series[pair][point["message_id"]] = point
