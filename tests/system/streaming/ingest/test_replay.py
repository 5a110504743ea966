"""Quarantined messages are published again by a command that is killed and repeated: one gold row each in the end."""

import os
import random
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from compaction.fsck.lake_check import check_lake
from lakehouse.messages import validation
from streaming.ingest.rebuild import rebuild
from tests.support.messages import price, sentiment, to_bytes
from tests.support.record_accounting import read_delivered, read_table
from tests.support.waiting import wait_until
from tests.system.streaming.ingest.conftest import Pipeline

ROOT = Path(__file__).parents[4]
N_MESSAGES = 40
START = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=10)


def _replay(pipeline: Pipeline, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "compaction", "quarantine", "replay", *more, "--lake", pipeline.lake.uri]
    environ = os.environ | {"CRYPTOVIZ_KAFKA_BOOTSTRAP_SERVERS": pipeline.broker.bootstrap}
    return subprocess.Popen(
        command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )


def _said(pipeline: Pipeline, *more: str) -> str:
    process = _replay(pipeline, *more)
    said, _ = process.communicate(timeout=180)
    assert process.returncode == 0
    return said


def _ingest(pipeline: Pipeline) -> None:
    n_records = len(read_delivered(pipeline.broker.bootstrap))
    with pipeline.running():
        pipeline.wait_accounted(n_records)


def _n_in_gold(pipeline: Pipeline) -> tuple[int, int]:
    tables = [read_table(pipeline.lake, name) for name in ("gold_price", "gold_sentiment")]
    ids = [set(table["message_id"].to_pylist()) for table in tables]
    assert [len(own) for own in ids] == [table.num_rows for table in tables]
    return tables[0].num_rows, tables[1].num_rows


def _quarantine_all(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    """Good messages, ingested under a contract that refuses them: their events have to be an hour old."""
    for at in range(N_MESSAGES):
        instant = START + timedelta(seconds=at)
        pipeline.send("raw-price", to_bytes(price(instant, key=str(at))), headers=[("trace", b"1")])
        pipeline.send("analyzed-sentiment", to_bytes(sentiment(instant, key=str(at))))
    pipeline.send("raw-price", b"{")
    pipeline.flush()
    with monkeypatch.context() as strict:
        strict.setattr(validation, "_MAX_FUTURE_US", -3_600_000_000)
        _ingest(pipeline)
    assert read_table(pipeline.lake, "quarantine").num_rows == 2 * N_MESSAGES + 1


def test_replay_killed_and_repeated_and_a_rebuild_leave_one_row_each(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    _quarantine_all(pipeline, monkeypatch)
    started = time.monotonic()
    output = _said(pipeline)
    needed_seconds = time.monotonic() - started
    assert f"would publish {N_MESSAGES} messages to raw-price again" in output
    assert "1 are still rejected, 0 are in gold already" in output
    assert len(read_delivered(pipeline.broker.bootstrap)) == 2 * N_MESSAGES + 1

    rng = random.Random(6)
    for _ in range(3):
        process = _replay(pipeline, "--yes")
        time.sleep(rng.uniform(0.6, 1.3) * needed_seconds)
        process.kill()
        process.communicate(timeout=180)
    _said(pipeline, "--yes", "--rule", "time_in_future")
    _ingest(pipeline)
    assert _n_in_gold(pipeline) == (N_MESSAGES, N_MESSAGES)
    said = _said(pipeline, "--yes")
    assert f"1 are still rejected, {2 * N_MESSAGES} are in gold already, 0 are left" in said
    row = read_table(pipeline.lake, "gold_price").to_pylist()[0]
    assert row["replay_of"].startswith(row["topic_id"])

    rebuild(
        lake=pipeline.lake,
        reason="the contract was mended",
        progress=lambda line: None,
        runtime_dir=pipeline.lake.to_path().parent,
    )

    assert _n_in_gold(pipeline) == (N_MESSAGES, N_MESSAGES)
    assert set(read_table(pipeline.lake, "gold_price")["replay_of"].to_pylist()) == {None}
    assert read_table(pipeline.lake, "quarantine").num_rows == 1
    assert check_lake(pipeline.lake) == []
    headers = {
        header["key"]
        for row in read_table(pipeline.lake, "bronze")["headers"].to_pylist()
        for header in row or ()
    }
    assert headers == {"trace", "cryptoviz-replay-of"}


def test_replay_to_a_recreated_topic_is_still_the_record_that_it_was(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    _quarantine_all(pipeline, monkeypatch)
    origins = {row["topic_id"] for row in read_table(pipeline.lake, "quarantine").to_pylist()}
    pipeline.recreate("raw-price")
    pipeline.accept_losses()
    with pipeline.running():
        pipeline.send("raw-price", to_bytes(price(START, key="new")))
        pipeline.flush()
        wait_until(lambda: read_table(pipeline.lake, "gold_price").num_rows == 1, "the new topic's row")

    for _ in range(2):
        assert f"published {N_MESSAGES} messages to raw-price again" in _said(pipeline, "--yes")
    with pipeline.running():
        wait_until(lambda: _n_in_gold(pipeline) == (N_MESSAGES + 1, N_MESSAGES), "what was replayed")
        pipeline.wait_accounted(6 * N_MESSAGES + 2)

    assert f"{2 * N_MESSAGES} are in gold already, 0 are left" in _said(pipeline, "--yes")
    replayed = [row for row in read_table(pipeline.lake, "gold_price").to_pylist() if row["replay_of"]]
    assert {row["replay_of"].partition("/")[0] for row in replayed} <= origins
    assert {row["topic_id"] for row in replayed}.isdisjoint(origins)

    rebuild(
        lake=pipeline.lake,
        reason="the contract was mended",
        progress=lambda line: None,
        runtime_dir=pipeline.lake.to_path().parent,
    )

    assert _n_in_gold(pipeline) == (N_MESSAGES + 1, N_MESSAGES)
    assert check_lake(pipeline.lake) == []
