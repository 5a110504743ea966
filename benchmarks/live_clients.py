"""Many WebSocket clients in one process: when each update came. Started by `benchmarks.live`.

Prints "connected N" once all follow something. After SIGTERM, once no more updates come, it writes a line for each to a
file: topic id, partition, offset, seconds of the monotonic clock.
"""

import argparse
import asyncio
import json
import re
import signal
import sys
import time
from pathlib import Path

from websockets.asyncio.client import ClientConnection, connect

CHANNELS = ("sentiment", "prix", "prediction")
_POSITION = re.compile(r'"position":\{"([^"]+)":\[([^\]]*)\]')
CONNECTING_AT_ONCE = 50
SILENCE_SECONDS = 1.0


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--clients", type=int, required=True)
    parser.add_argument("--symbols", required=True, help="comma-separated")
    parser.add_argument("--follow", choices=("one", "all", "nothing"), default="one")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    symbols = options.symbols.split(",")
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    came: list[tuple[str, float]] = []
    gate = asyncio.Semaphore(CONNECTING_AT_ONCE)
    n_closed = 0

    async def be_client(number: int, ready: asyncio.Event) -> None:
        nonlocal n_closed
        async with gate:
            socket = await connect(options.url, compression=None, open_timeout=60, ping_interval=None)
            await _follow(socket, number, symbols, options.follow)
            ready.set()
        async for text in socket:
            if '"type":"update"' in str(text):
                came.append((str(text)[:300], time.monotonic()))
        n_closed += 1

    readies = [asyncio.Event() for _ in range(options.clients)]
    clients = [asyncio.create_task(be_client(number, ready)) for number, ready in enumerate(readies)]
    for ready in readies:
        await ready.wait()
    print(f"connected {len(clients)}", flush=True)
    await ended.wait()
    await _wait_silence(came)
    for client in clients:
        client.cancel()
    await asyncio.gather(*clients, return_exceptions=True)
    with options.out.open("w") as file:
        for text, at in came:
            if (match := _POSITION.search(text)) is not None:
                offsets = match[2].split(",")
                file.write(f"{match[1]} {len(offsets) - 1} {int(offsets[-1]) - 1} {at:.6f}\n")
    print(f"closed by the server {n_closed}", flush=True)
    return 0


async def _wait_silence(came: list[tuple[str, float]]) -> None:
    """Return once no update has come for `SILENCE_SECONDS`."""
    n_came = -1
    while len(came) > n_came:
        n_came = len(came)
        await asyncio.sleep(SILENCE_SECONDS)


async def _follow(socket: ClientConnection, number: int, symbols: list[str], follow: str) -> None:
    if follow == "nothing":
        return
    subscription = (
        {"channels": CHANNELS, "symbols": symbols}
        if follow == "all"
        else {
            "channels": [CHANNELS[number % len(CHANNELS)]],
            "symbols": [symbols[number // len(CHANNELS) % len(symbols)]],
        }
    )
    await socket.send(json.dumps({"v": 1, "type": "subscribe", **subscription}))


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
