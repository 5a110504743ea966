"""A client that floods with frames that carry no message is closed; one that pings now and then is not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from uvicorn.config import Config
from uvicorn.server import ServerState
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from api.live.control_frames import MAX_CONTROL_FRAMES, BoundedWebSocketProtocol


async def echo(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    while (event := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": event["text"]})


@asynccontextmanager
async def serving() -> AsyncIterator[str]:
    config = Config(echo, ws=BoundedWebSocketProtocol, ws_ping_interval=None, log_config=None, lifespan="off")
    config.load()
    state, loop = ServerState(), asyncio.get_running_loop()
    server = await loop.create_server(lambda: BoundedWebSocketProtocol(config, state, {}), "127.0.0.1", 0)
    try:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()


def to_bytes(opcode: Opcode, n_frames: int) -> bytes:
    frame = Frame(opcode, b"", fin=opcode is not Opcode.CONT).serialize(mask=True)
    begin = Frame(Opcode.TEXT, b"", fin=False).serialize(mask=True) if opcode is Opcode.CONT else b""
    return begin + frame * n_frames


@pytest.mark.parametrize("opcode", [Opcode.PING, Opcode.PONG, Opcode.CONT])
@pytest.mark.parametrize("n_frames", [MAX_CONTROL_FRAMES + 1, 100_000])
def test_a_flood_is_closed_and_others_are_served(opcode: Opcode, n_frames: int) -> None:
    async def run() -> int | None:
        async with serving() as url, connect(url) as other, connect(url) as client:
            client.transport.write(to_bytes(opcode, n_frames))
            await other.send("here")
            assert await other.recv() == "here"
            with pytest.raises((ConnectionClosed, OSError)) as raised:
                await client.recv()
            closed = raised.value
            return closed.rcvd.code if isinstance(closed, ConnectionClosed) and closed.rcvd else None

    # A reset may overtake the reason where the client is still sending.
    assert asyncio.run(run()) in ((1008,) if n_frames <= MAX_CONTROL_FRAMES + 1 else (1008, None))


def test_pings_within_the_limit_and_messages_in_pieces_are_answered() -> None:
    async def run() -> None:
        async with serving() as url, connect(url) as client:
            for _ in range(MAX_CONTROL_FRAMES // 2):
                await (await client.ping())
            await client.send(["in ", "three ", "pieces"])
            assert await client.recv() == "in three pieces"

    asyncio.run(run())
