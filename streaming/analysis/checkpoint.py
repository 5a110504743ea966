"""Checkpoint of a query at its start: finished batches only."""

import logging
import shutil
from pathlib import Path

logger = logging.getLogger(__name__)


def remove_unfinished_batches(checkpoint: Path) -> None:
    """Remove the plan of an unfinished batch, so that Spark plans it again. Idempotent.

    Spark 4.1.1 would rerun that batch as it was planned and then fail, at every start: its Kafka source computes its
    lag from end offsets that only planning fetches (a NullPointerException in KafkaMicroBatchStream.metrics). The
    output of a query depends on its input alone and not on its batches, so another plan gives the same output.
    """
    finished = _batch_ids(checkpoint / "commits")
    for batch_id in sorted(_batch_ids(checkpoint / "offsets") - finished):
        logger.info("unfinished batch is planned again checkpoint=%s batch=%d", checkpoint, batch_id)
        for name in (f"{batch_id}", f".{batch_id}.crc"):
            (checkpoint / "offsets" / name).unlink(missing_ok=True)
    if not finished and (checkpoint / "state").exists():
        shutil.rmtree(checkpoint / "state")  # Spark refuses to plan a first batch beside existing state


def _batch_ids(log: Path) -> set[int]:
    return {int(path.name) for path in log.glob("*") if path.name.isdigit()}
