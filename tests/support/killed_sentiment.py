"""Commands of sentiment models in a process that is killed: before or after a file is written, or from outside.

python -m tests.support.killed_sentiment before|after COMMAND ...    # kills itself there with signal 9
python -m tests.support.killed_sentiment loop LAKE FIRST             # adds and publishes models until it is killed
"""

import os
import signal
import sys
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import patch

from lakehouse.delta.storage import LakeLocation
from lakehouse.process import durable_file
from lakehouse.sentiment_models.versions import ModelRegistry
from streaming.analysis.sentiment.__main__ import main
from streaming.analysis.sentiment.semantic.own_model import read_own_model
from streaming.analysis.sentiment.semantic.vector_cache import VectorCache
from tests.streaming.analysis.sentiment.training.test_train import bag_of_words


def die() -> None:
    """End this process as kill -9 does."""
    os.kill(os.getpid(), signal.SIGKILL)


def run_killed(when: str, arguments: list[str]) -> int:
    """Run a command; die before or after it writes a document, or replaces a file."""
    put, replaced = LakeLocation.put_if_absent, Path.replace

    def around(write: Any) -> Any:
        def killed(*given: Any) -> Any:
            if when == "before":
                die()
            written = write(*given)
            die()
            return written

        return killed

    vectors = VectorCache(bag_of_words, path=None, width=384)
    with (
        patch("streaming.analysis.sentiment.semantic.loading.load_vectors", lambda _: vectors),
        patch.object(LakeLocation, "put_if_absent", around(put)),
        patch.object(durable_file.Path, "replace", around(replaced)),
    ):
        return main(arguments)


def loop(lake: str, first: int) -> None:
    """Add and publish models, one after the other; say what begins and what is done."""
    registry = ModelRegistry(LakeLocation.parse(lake), lambda: 0)
    for number in count(first):
        print(f"begin {number}", flush=True)
        added = registry.add(replace(read_own_model(), temperature=1.0 + number / 1_000), {})
        registry.publish(added)
        print(f"done {number} {added}", flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "loop":
        loop(sys.argv[2], int(sys.argv[3]))
    sys.exit(run_killed(sys.argv[1], sys.argv[2:]))
