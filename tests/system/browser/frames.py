"""Script time a frame of the page: `python -m tests.system.browser.frames [--frames N]`, or `make bench-viewer`.

A week of prices a minute (10,080 points) and a forecast each quarter of an hour, while the lake grows, the page asks
every two seconds, and a pointer reads and travels in each frame. From Chromium's own trace: the time that scripts had
the main thread's processor between two frames. And from a cold cache: when something was first painted.
"""

import argparse
import json
import random
import sys
import tempfile
import threading
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from selenium.webdriver import Chrome

from lakehouse.schema.tables import GOLD_PRICE
from tests.support.api_process import running_viewer
from tests.support.lake_builder import LakeBuilder, Row, build_lake
from tests.system.browser.chromium import running_chromium
from tests.system.browser.page import ViewerPage

N_FRAMES = 600
MINUTES = 10_080
TRACE = {"traceCategories": "devtools.timeline"}
FRAME = "PrePaint"  # once a frame, on the main thread
SCRIPTS = {
    "FunctionCall",
    "EvaluateScript",
    "FireAnimationFrame",
    "TimerFire",
    "EventDispatch",
    "RunMicrotasks",
}
_EXERCISE = """
const [nFrames, done] = arguments;
const mount = document.querySelector(".panel[data-series=price] .mount"), box = mount.getBoundingClientRect();
let n = 0;
console.timeStamp("begin");
const step = () => {
  const x = box.left + 70 + ((n * 7) % (box.width - 90)), at = {clientX: x, clientY: box.top + 60, bubbles: true};
  if (n % 2) mount.dispatchEvent(new PointerEvent("pointermove", at));
  else mount.dispatchEvent(new WheelEvent("wheel", {...at, deltaX: n % 120 < 60 ? -9 : 9, cancelable: true}));
  if (++n < nFrames) requestAnimationFrame(step);
  else done(n);
};
requestAnimationFrame(step);
"""


def main(arguments: list[str]) -> int:
    """Print the figures; return 1 where the machine has no browser."""
    parser = argparse.ArgumentParser(prog="python -m tests.system.browser.frames", description=__doc__)
    parser.add_argument("--frames", type=int, default=N_FRAMES)
    parser.add_argument("--minutes", type=int, default=MINUTES, help="of prices (default a week)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        try:
            _measure(Path(folder), options.frames, options.minutes)
        except LookupError as error:
            print(error, file=sys.stderr)
            return 1
    return 0


def _measure(folder: Path, n_frames: int, n_minutes: int) -> None:
    builder = _build(folder / "lake", n_minutes)
    with (
        running_viewer(lake=folder / "lake", runtime_dir=folder / "runtime") as api,
        running_chromium(folder / "profile", trace=TRACE) as driver,
    ):
        page = ViewerPage(driver, api.url).open("symbol=btc&range=7d&detail=1m&model=walk&horizon=1h&lang=en")
        paint_ms = driver.execute_script(
            "return performance.getEntriesByName('first-contentful-paint')[0].startTime"
        )
        page.wait_until(lambda: page.n_points("heat") > 0, "everything")
        driver.set_script_timeout(120)
        stopping = threading.Event()
        growing = threading.Thread(target=_grow, args=(builder, stopping))
        growing.start()
        try:
            driver.execute_async_script(_EXERCISE, n_frames)
        finally:
            stopping.set()
            growing.join()
        spent_ms = script_ms_a_frame(_trace(driver))
        p50, p95, p99 = np.percentile(spent_ms, [50, 95, 99])
        n_points = page.n_points("price")
    print(
        f"{n_points} prices, {len(spent_ms)} frames: script p50 {p50:.1f} ms, p95 {p95:.1f} ms, p99 {p99:.1f} ms"
    )
    print(f"first contentful paint after {paint_ms:.0f} ms")


def script_ms_a_frame(events: list[dict[str, Any]]) -> list[float]:
    """Milliseconds of script between each two frames, on the thread and from the instant that says it begins."""
    frames = [event for event in events if event["name"] == FRAME]
    threads = [(event["pid"], event["tid"]) for event in frames]
    main_thread = max(set(threads), key=threads.count)
    of_thread = sorted(
        (event for event in events if (event["pid"], event["tid"]) == main_thread),
        key=lambda event: event["ts"],
    )
    begins = [event["ts"] for event in of_thread if event["name"] == FRAME]
    outermost, end_us = [], 0
    for event in of_thread:
        if event["name"] in SCRIPTS and event.get("ph") == "X" and event["ts"] >= end_us:
            outermost.append((event["ts"], event.get("tdur", event["dur"])))
            end_us = event["ts"] + event["dur"]
    return [
        sum(dur_us for ts, dur_us in outermost if begin <= ts < end) / 1_000
        for begin, end in pairwise(begins)
    ]


def _trace(driver: Chrome) -> list[dict[str, Any]]:
    entries = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]  # type: ignore[attr-defined]
    return [entry["params"] for entry in entries if entry["method"] == "Tracing.dataCollected"]


def _build(path: Path, n_minutes: int) -> LakeBuilder:
    draws, now = random.Random(1), datetime.now(UTC)
    price, prices, forecasts = 91_500.0, [], []
    for minute in range(n_minutes, 0, -1):
        price *= 1 + draws.gauss(0, 0.0005)
        time = now - timedelta(minutes=minute)
        prices.append({"event_time": time, "price": price})
        if minute % 15 == 0:
            forecasts.append(
                {
                    "made_at": time,
                    "target_time": time + timedelta(hours=1),
                    "predicted_price": price,
                    "lower": price * 0.99,
                    "upper": price * 1.01,
                }
            )
    texts = [
        {"event_time": now - timedelta(minutes=7 * i), "score": draws.uniform(-1, 1)} for i in range(1_400)
    ]
    return build_lake(path, price=prices, prediction=forecasts, sentiment=texts)


def _grow(builder: LakeBuilder, stopping: threading.Event) -> None:
    while not stopping.wait(0.5):
        row: Row = {"event_time": datetime.now(UTC), "price": 91_500.0 + random.random()}
        builder.append(GOLD_PRICE.name, [row])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
