"""What a query's checkpoint may hold when it starts: finished batches only."""

import logging
import shutil
from pathlib import Path

logger = logging.getLogger(__name__)


def forget_unfinished_batches(checkpoint: Path) -> None:
    """Removes the plan of a batch that was cut off, so that Spark plans it anew. Idempotent; does nothing without one.

    Spark 4.1.1 would run that batch again as it was planned and then fail, at every start: its Kafka source
    reports how far behind it is by end offsets that only planning asks for (a NullPointerException in
    KafkaMicroBatchStream.metrics). What a query here writes depends on its input alone, not on how that is cut
    into batches, so another plan is as good.
    """
    finished = _batch_ids(checkpoint / "commits")
    for batch_id in sorted(_batch_ids(checkpoint / "offsets") - finished):
        logger.info("batch was cut off and is planned anew checkpoint=%s batch=%d", checkpoint, batch_id)
        for name in (f"{batch_id}", f".{batch_id}.crc"):
            (checkpoint / "offsets" / name).unlink(missing_ok=True)
    if not finished and (checkpoint / "state").exists():
        shutil.rmtree(checkpoint / "state")  # Spark refuses to plan a first batch beside states


def _batch_ids(log: Path) -> set[int]:
    return {int(path.name) for path in log.glob("*") if path.name.isdigit()}
