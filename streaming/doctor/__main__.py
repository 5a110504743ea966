"""Command line of the doctor: a line or an object a finding.

python -m streaming.doctor [--json]
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from lakehouse.process.commands import EXIT_DONE, EXIT_FAILED, run, single_command
from lakehouse.process.stopping import end_process
from streaming.doctor.examination import examine
from streaming.doctor.findings import FAIL, WARN


def print_findings(
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a finding, for machines")] = False,
) -> int:
    """Print each finding as soon as it is there."""
    logging.getLogger("kafka").setLevel(logging.CRITICAL)  # the finding says it
    levels = []
    for finding in examine(os.environ):
        levels.append(finding.level)
        print(json.dumps(asdict(finding)) if as_json else finding.to_line(), flush=True)
    n_failed = levels.count(FAIL)
    if not as_json:
        print(f"doctor: {len(levels)} looked at, {n_failed} wrong, {levels.count(WARN)} to watch")
    return EXIT_FAILED if n_failed else EXIT_DONE


app = single_command(
    print_findings,
    description="Looks at settings, packages, Java, jars, disk, processes, broker, topics and tables, and says what\n"
    "to do. Changes nothing. Exit code 1 where something keeps the pipeline from running.",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run(app, arguments, prog="python -m streaming.doctor")


if __name__ == "__main__":
    end_process(main())
