"""The seam between history and live: everything is killed in turn while a client records, and its series is gold's."""

import os
import signal
import threading
from pathlib import Path

from api.http.series_names import SERIES_BY_NAME
from lakehouse.lake import open as open_lake
from tests.support.api_process import ApiProcess, running_api
from tests.support.server_processes import ServerProcess, running_redis
from tests.support.waiting import wait_until
from tests.support.websocket_recorder import Pair, Recorder
from tests.system.faults.conftest import Rig, Traffic, new_rig

PAIRS: list[Pair] = [(channel, symbol) for channel in SERIES_BY_NAME for symbol in ("btc", "eth")]


def test_a_recorded_series_is_golds_though_everything_was_killed_in_turn(tmp_path: Path) -> None:
    with (
        new_rig(tmp_path, tmp_path / "lake") as rig,
        running_redis(tmp_path) as redis,
        running_api(
            lake=rig.lake.uri,
            runtime_dir=tmp_path / "runtime",
            bootstrap=rig.broker.bootstrap,
            stop_signal=signal.SIGKILL,
            CRYPTOVIZ_REDIS_URL=f"redis://127.0.0.1:{redis.port}/0",
        ) as api,
    ):
        traffic = Traffic(rig.broker.bootstrap, seed=7, messages_per_second=60)
        traffic.start()
        rig.start()
        recorder = Recorder(api.port, PAIRS)
        recorder.start()
        wait_until(lambda: recorder.n_updates > 20, "updates")

        _kill_in_turn(rig, api, redis, recorder)

        traffic.stop()
        rig.finish()
        expected = _gold_ids(rig)
        wait_until(lambda: _ids(recorder) == expected, "every row of gold to reach the client")
        recorder.stop()
        assert recorder.repeats == []
        assert recorder.outcomes["replayed"] > 0
        assert api.stop() == 0


def _kill_in_turn(rig: Rig, api: ApiProcess, redis: ServerProcess, recorder: Recorder) -> None:
    os.kill(api.gateway_pid(), signal.SIGKILL)
    _wait_for_more(recorder)
    redis.kill()
    _wait_for_more(recorder)
    redis.start()
    _wait_for_more(recorder)
    rig.kill()
    _wait_for_more(recorder)
    rig.broker.kill()
    threading.Event().wait(1.0)
    rig.broker.start()
    _wait_for_more(recorder)
    rig.start()
    api.kill()
    api.start()
    _wait_for_more(recorder)


def _wait_for_more(recorder: Recorder) -> None:
    before = recorder.n_updates
    wait_until(lambda: recorder.n_updates > before + 10, "updates to go on")


def _ids(recorder: Recorder) -> dict[Pair, set[str]]:
    return {pair: set(series) for pair, series in recorder.series.items()}


def _gold_ids(rig: Rig) -> dict[Pair, set[str]]:
    lake = open_lake(rig.lake.uri)
    ids: dict[Pair, set[str]] = {pair: set() for pair in PAIRS}
    for channel, series in SERIES_BY_NAME.items():
        rows = lake.table(series.table.name).arrow()
        for symbol, message_id in zip(
            rows["symbol"].to_pylist(), rows["message_id"].to_pylist(), strict=True
        ):
            ids.get((channel, symbol), set()).add(message_id)
    return ids
