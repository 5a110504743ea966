"""A WebSocket service of somebody else: reads Kafka by itself and speaks the contract's `ws /ws/v1/flux`.

Imports nothing of this project. One Kafka consumer for each connection, which starts where `depuis` says: Kafka itself
is what a resume reads from. No validation and no deduplication: a client knows copies by their message_id.

python tests/support/external_websocket.py BOOTSTRAP_SERVERS PORT
"""

import asyncio
import json
import sys
import threading
from datetime import UTC, datetime
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from websockets.asyncio.server import ServerConnection, serve

TOPICS = {"sentiment": "analyzed-sentiment", "prediction": "predicted-price", "prix": "raw-price"}
EVENT_TIMES = {"sentiment": "event_time", "prediction": "made_at", "prix": "exchange_time"}
RENAMED = {"base": "symbol", "exchange_time": "event_time"}
HEARTBEAT_SECONDS = 4.0


class Connection:
    """One client: what it follows, and the thread that reads Kafka for it."""

    def __init__(self, socket: ServerConnection, bootstrap: str) -> None:
        self._socket = socket
        self._loop = asyncio.get_running_loop()
        self._followed: set[tuple[str, str]] = set()
        self._closed = threading.Event()
        self._bootstrap = bootstrap
        self._thread: threading.Thread | None = None

    async def serve(self) -> None:
        beat = asyncio.create_task(self._beat())
        try:
            async for text in self._socket:
                asked = json.loads(text)
                pairs = {(channel, symbol) for channel in asked["channels"] for symbol in asked["symbols"]}
                if asked["type"] == "unsubscribe":
                    self._followed -= pairs
                    continue
                depuis = asked.get("depuis")
                consumer = None
                if self._thread is None:
                    consumer = await asyncio.to_thread(open_consumer, self._bootstrap, depuis)
                self._followed |= pairs
                for channel, symbol in sorted(pairs):
                    data = {"outcome": "replayed" if depuis else "fresh"}
                    await self._socket.send(envelope("subscribed", channel, symbol, None, data))
                if consumer is not None:
                    self._thread = threading.Thread(target=self._read, args=(consumer,), daemon=True)
                    self._thread.start()
        finally:
            self._closed.set()
            beat.cancel()

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            await self._socket.send(envelope("heartbeat", None, None, None, None))

    def _read(self, consumer: KafkaConsumer) -> None:
        ids, channels = topic_ids(consumer), {topic: channel for channel, topic in TOPICS.items()}
        while not self._closed.is_set():
            for records in consumer.poll(timeout_ms=200).values():
                for record in records:
                    self._hand_on(channels[record.topic], ids[record.topic], record)
        consumer.close()

    def _hand_on(self, channel: str, topic_id: str, record: Any) -> None:
        symbol = (record.key or b"").decode(errors="replace")
        if (channel, symbol) not in self._followed:
            return
        try:
            message = json.loads(record.value)
        except (TypeError, ValueError):
            return
        data = {RENAMED.get(name, name): value for name, value in message.items() if name != "v"}
        position = {topic_id: [-1] * record.partition + [record.offset + 1]}
        frame = envelope("update", channel, symbol, position, data, message.get(EVENT_TIMES[channel]))
        asyncio.run_coroutine_threadsafe(self._socket.send(frame), self._loop)


def open_consumer(bootstrap: str, depuis: dict[str, list[int]] | None) -> KafkaConsumer:
    """Return a consumer at a position: at the beginning of partitions it does not name, at all ends without one."""
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, group_id=None, isolation_level="read_committed")
    partitions = [
        TopicPartition(topic, at)
        for topic in TOPICS.values()
        for at in sorted(consumer.partitions_for_topic(topic) or ())
    ]
    ids = topic_ids(consumer)
    consumer.assign(partitions)
    first = consumer.end_offsets(partitions) if depuis is None else consumer.beginning_offsets(partitions)
    for partition in partitions:
        given = (depuis or {}).get(ids[partition.topic], [])
        asked = given[partition.partition] if partition.partition < len(given) else -1
        consumer.seek(partition, asked if asked >= 0 else first[partition])
    return consumer


def topic_ids(consumer: KafkaConsumer) -> dict[str, str]:
    return {topic: str(consumer._client.cluster.topic_id(topic)) for topic in TOPICS.values()}


def envelope(
    kind: str,
    channel: str | None,
    symbol: str | None,
    position: dict[str, list[int]] | None,
    data: object,
    event_time: str | None = None,
) -> str:
    return json.dumps(
        {
            "v": 1,
            "type": kind,
            "channel": channel,
            "symbol": symbol,
            "position": position,
            "event_time": event_time,
            "emitted_at": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
            "data": data,
        }
    )


async def main(bootstrap: str, port: int) -> None:
    async def take(socket: ServerConnection) -> None:
        await Connection(socket, bootstrap).serve()

    async with serve(take, "127.0.0.1", port, compression=None):
        print(f"listening on ws://127.0.0.1:{port}", flush=True)
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
