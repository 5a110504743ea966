"""Every process is killed in turn while a producer runs: every record is accounted for once."""

import os
import random
import signal
import threading
from pathlib import Path

import pytest

from tests.support.waiting import wait_until
from tests.system.faults.conftest import Rig, Traffic

SEED = 20260101


def _storm(rig: Rig, *, n_kills: int, seed: int) -> None:
    moments = random.Random(seed)
    traffic = Traffic(rig.broker.bootstrap, seed=seed)
    traffic.start()
    for _ in range(n_kills):
        before = rig.n_accounted()
        rig.start()
        wait_until(lambda before=before: rig.n_accounted() > before, "ingestion of the first rows")
        threading.Event().wait(moments.uniform(0.0, 3.0))
        rig.kill()
    traffic.stop()
    rig.start()
    rig.finish()


def test_every_record_is_accounted_for_once_though_each_process_is_killed_in_turn(rig: Rig) -> None:
    """One pipeline meets one fault after the other: what takes longest is Spark's start."""
    _start_before_the_broker(rig)
    traffic = Traffic(rig.broker.bootstrap, seed=SEED)
    traffic.start()
    _wait_for_more(rig)
    _kill_jvm_alone(rig)
    _kill_broker(rig)
    _kill_driver_alone(rig)
    rig.start()
    _wait_for_more(rig)
    threading.Event().wait(random.Random(SEED).uniform(0.0, 3.0))
    rig.kill()
    traffic.stop()
    rig.start()
    rig.finish()


def _start_before_the_broker(rig: Rig) -> None:
    """Start ingestion without a broker: it waits in one line a try."""
    rig.broker.stop()
    rig.start()
    wait_until(lambda: "no Kafka broker answers" in rig.log_text(), "a clear line about the broker")
    rig.broker.start()
    rig.broker.wait_ready()
    wait_until(lambda: "ingest starts" in rig.log_text(), "ingestion to start")
    assert "Traceback" not in rig.log_text()


def _kill_jvm_alone(rig: Rig) -> None:
    """Kill the JVM: the driver starts another one."""
    jvm_pid = rig.jvm_pid()
    assert jvm_pid is not None
    os.kill(jvm_pid, signal.SIGKILL)
    wait_until(lambda: "starting again" in rig.log_text(), "the driver to notice")
    _wait_for_more(rig)


def _kill_broker(rig: Rig) -> None:
    """Kill the broker: ingestion says so, and goes on once there is one again."""
    n_before = len(rig.log_text())
    rig.broker.kill()
    wait_until(lambda: "ingest interrupted" in rig.log_text()[n_before:], "a clear line about the broker")
    rig.broker.start()
    rig.broker.wait_ready()
    _wait_for_more(rig)


def _kill_driver_alone(rig: Rig) -> None:
    """Kill the driver: its JVM ends with it."""
    jvm_pid = rig.jvm_pid()
    assert jvm_pid is not None
    assert rig.process is not None
    rig.process.kill()
    rig.process.wait()
    wait_until(lambda: not _is_running(jvm_pid), "the JVM to end", timeout_seconds=30)


def _wait_for_more(rig: Rig) -> None:
    before = rig.n_accounted()
    wait_until(lambda: rig.n_accounted() > before, "ingestion to go on")


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_ingestion_killed_twenty_times_accounts_for_every_record_once(rig: Rig) -> None:
    _storm(rig, n_kills=20, seed=SEED + 1)


def _is_running(pid: int) -> bool:
    """Return whether a process exists and is no zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
