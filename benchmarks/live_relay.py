"""The limit that the gateway is measured beside: kafka-python to websockets, and nothing between them.

No validation, no deduplication, no resume, no limits: whoever follows a symbol of a channel gets each message's bytes.
"""

import asyncio
import json
import os
import sys
import threading
from collections import defaultdict
from typing import Any

from kafka import KafkaConsumer
from websockets.asyncio.server import ServerConnection, broadcast, serve

from lakehouse.process.settings import Settings
from lakehouse.tail.store import TAIL_TOPICS

CHANNEL_OF_TOPIC = {"analyzed-sentiment": "sentiment", "predicted-price": "prediction", "raw-price": "prix"}


async def main() -> int:
    settings = Settings.from_environ(os.environ)
    loop = asyncio.get_running_loop()
    followers: dict[tuple[str, str], set[ServerConnection]] = defaultdict(set)

    async def take(socket: ServerConnection) -> None:
        async for text in socket:
            frame = json.loads(text)
            for channel in frame["channels"]:
                for symbol in frame["symbols"]:
                    followers[channel, symbol].add(socket)

    def hand_on(record: Any, topic_id: str) -> None:
        own = followers.get((CHANNEL_OF_TOPIC[record.topic], record.key.decode()))
        if own:
            offsets = [-1] * record.partition + [record.offset + 1]
            head = json.dumps({"type": "update", "position": {topic_id: offsets}}, separators=(",", ":"))
            broadcast(own, f'{head[:-1]},"data":{record.value.decode()}}}')

    def follow() -> None:
        consumer = KafkaConsumer(
            *(contract.topic for contract in TAIL_TOPICS.values()),
            group_id=None,
            auto_offset_reset="latest",
            isolation_level="read_committed",
            **settings.kafka.for_kafka_python(),
        )
        while True:
            for records in consumer.poll(timeout_ms=200).values():
                for record in records:
                    topic_id = str(consumer._client.cluster.topic_id(record.topic))
                    loop.call_soon_threadsafe(hand_on, record, topic_id)

    threading.Thread(target=follow, daemon=True).start()
    async with serve(take, "127.0.0.1", 0, compression=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        print(f"relay listening on ws://127.0.0.1:{port}", flush=True)
        await asyncio.get_running_loop().create_future()
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
