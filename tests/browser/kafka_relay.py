"""A WebSocket service of somebody else's: reads Kafka by itself, speaks the live contract.

    python -m tests.browser.kafka_relay BOOTSTRAP PORT

Knows nothing of this project. Prints its port once it listens. A client has a consumer
of its own, from its `depuis` or the beginning.
"""

import asyncio
import json
import sys
from typing import Any

from aiohttp import WSMsgType, web
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition

CHANNELS = {"prix": "raw-price", "sentiment": "analyzed-sentiment", "prediction": "predicted-price"}
HEARTBEAT_SECONDS = 1.0
POLL_MS = 50


class Relay:
    """Clients' connections, on one event loop; a client's consumer is polled in a thread."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        admin = KafkaAdminClient(bootstrap_servers=bootstrap)
        described = admin.describe_topics(list(CHANNELS.values()))
        self._ids = {topic["name"]: str(topic["topic_id"]) for topic in described}
        admin.close()

    async def connect(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        following: asyncio.Task[None] | None = None
        async for message in socket:
            if message.type != WSMsgType.TEXT:
                continue
            asked = json.loads(message.data)
            if following is not None:
                following.cancel()
            if asked["type"] == "subscribe":
                await socket.send_json({"v": 1, "type": "subscribed"})
                following = asyncio.create_task(self._follow(socket, asked))
        if following is not None:
            following.cancel()
        return socket

    async def _follow(self, socket: web.WebSocketResponse, asked: dict[str, Any]) -> None:
        consumer = KafkaConsumer(bootstrap_servers=self._bootstrap, enable_auto_commit=False)
        try:
            self._seek(consumer, asked.get("depuis", {}))
            while True:
                polled = await asyncio.to_thread(consumer.poll, POLL_MS)
                for record in (record for records in polled.values() for record in records):
                    envelope = self._to_envelope(record)
                    if envelope["symbol"] in asked["symbols"]:
                        await socket.send_json(envelope)
                await socket.send_json({"v": 1, "type": "heartbeat"})
                await asyncio.sleep(0 if polled else HEARTBEAT_SECONDS / 10)
        finally:
            consumer.close()

    def _seek(self, consumer: KafkaConsumer, since: dict[str, list[int]]) -> None:
        partitions = [
            TopicPartition(topic, partition)
            for topic in CHANNELS.values()
            for partition in sorted(consumer.partitions_for_topic(topic) or ())
        ]
        consumer.assign(partitions)
        for at in partitions:
            offsets = since.get(self._ids[at.topic], [])
            offset = offsets[at.partition] if at.partition < len(offsets) else -1
            if offset >= 0:
                consumer.seek(at, offset)
            else:
                consumer.seek_to_beginning(at)

    def _to_envelope(self, record: Any) -> dict[str, Any]:
        row = json.loads(record.value)
        time = row.get("event_time") or row.get("exchange_time") or row.get("made_at")
        position = {self._ids[record.topic]: [-1] * record.partition + [record.offset + 1]}
        return {
            "v": 1,
            "type": "update",
            "channel": next(channel for channel, topic in CHANNELS.items() if topic == record.topic),
            "symbol": row.get("symbol") or row.get("base"),
            "position": position,
            "event_time": time,
            "data": {"event_time": time, "terms": None} | row,
        }


async def _serve(bootstrap: str, port: int) -> None:
    application = web.Application()
    application.router.add_get("/flux", Relay(bootstrap).connect)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    print(port, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], int(sys.argv[2])))
