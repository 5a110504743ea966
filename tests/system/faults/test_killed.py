"""SIGKILL at random moments while a producer runs: every record is accounted for once."""

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


def test_ingestion_killed_at_random_moments_accounts_for_every_record_once(rig: Rig) -> None:
    _storm(rig, n_kills=3, seed=SEED)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_ingestion_killed_twenty_times_accounts_for_every_record_once(rig: Rig) -> None:
    _storm(rig, n_kills=20, seed=SEED + 1)


def test_jvm_killed_alone_is_started_again_by_the_driver(rig: Rig) -> None:
    traffic = Traffic(rig.broker.bootstrap, seed=SEED + 4)
    traffic.start()
    rig.start()
    wait_until(lambda: rig.n_accounted() > 0, "ingestion of the first rows")
    killed = rig.jvm_pid()
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: "starting again" in rig.log_text(), "the driver to notice")
    before = rig.n_accounted()
    wait_until(lambda: rig.n_accounted() > before, "ingestion to continue")
    traffic.stop()
    rig.finish()


def test_driver_killed_alone_takes_its_jvm_with_it(rig: Rig) -> None:
    rig.start()
    wait_until(lambda: "ingest starts" in rig.log_text(), "ingestion to start")
    jvm_pid = rig.jvm_pid()
    assert jvm_pid is not None
    assert rig.process is not None
    rig.process.kill()
    rig.process.wait()
    wait_until(lambda: not _is_running(jvm_pid), "the JVM to end", timeout_seconds=30)


def test_broker_killed_and_restarted_loses_nothing_and_repeats_nothing(rig: Rig) -> None:
    traffic = Traffic(rig.broker.bootstrap, seed=SEED + 2)
    traffic.start()
    rig.start()
    wait_until(lambda: rig.n_accounted() > 0, "ingestion of the first rows")
    rig.broker.kill()
    wait_until(lambda: "ingest interrupted" in rig.log_text(), "a clear line about the broker")
    rig.broker.start()
    rig.broker.wait_ready()
    before = rig.n_accounted()
    wait_until(lambda: rig.n_accounted() > before, "ingestion to continue")
    traffic.stop()
    rig.finish()


def test_ingestion_started_before_the_broker_waits_for_it_in_one_line_a_try(rig: Rig) -> None:
    rig.broker.stop()
    rig.start()
    wait_until(lambda: "no Kafka broker answers" in rig.log_text(), "a clear line about the broker")
    rig.broker.start()
    rig.broker.wait_ready()
    traffic = Traffic(rig.broker.bootstrap, seed=SEED + 3)
    traffic.start()
    wait_until(lambda: traffic.n_sent > 200, "traffic")
    traffic.stop()
    rig.finish()
    assert "Traceback" not in rig.log_text()


def _is_running(pid: int) -> bool:
    """Return whether a process exists and is no zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
