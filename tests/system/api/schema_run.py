"""schemathesis over a running server, as a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.support.processes import ROOT
from tests.system.api.schema_hooks import MUST_ANSWER, NAMED

TIMEOUT_SECONDS = 280
PATHS_OF_PEOPLE = "^/api/v1/(catalogue|vues|jetons|configuration|maintenance|session)"
_SEED = 5
_CONFIG = """
hooks = "tests.system.api.schema_hooks"
seed = {seed}

[generation]
with-security-parameters = {signs_in}

[checks.positive_data_acceptance]
expected-statuses = ["2xx", {accepted}]

# A change that names the wrong version is refused before its body is looked at.
[checks.negative_data_rejection]
expected-statuses = ["400", "401", "403", "404", "405", "406", "409", "412", "415", "428", "429", "503"]

[checks.missing_required_header]
expected-statuses = ["400", "401", "403", "404", "406", "415", "428"]
"""


def run_schemathesis(
    folder: Path,
    *,
    port: int,
    accepted: Sequence[int],
    n_examples: int,
    headers: Mapping[str, str] | None = None,
    options: Sequence[str],
    must_answer: str = ".",
    named: Mapping[str, Sequence[str]] | None = None,
) -> None:
    """Fails the test where it finds a failure.

    ``headers`` go with every question; where they say who asks, none tries without or with another's.
    ``accepted``: what a well-formed question may be answered with beside 2xx. ``must_answer``: operations of which at
    least one question must get 2xx. ``named``: rows that are there, for the parameters of a path.
    """
    config = folder / "schemathesis.toml"
    config.write_text(
        _CONFIG.format(
            seed=_SEED,
            accepted=", ".join(map(str, accepted)),
            signs_in="false" if headers else "true",
        )
    )
    url = f"http://127.0.0.1:{port}/api/v1/schema"
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run", url]
    always = ["--max-examples", str(n_examples), "--no-color", "--generation-database", "none"]
    sent = [option for name, value in (headers or {}).items() for option in ("--header", f"{name}: {value}")]
    run = subprocess.run(
        [*command, *always, *sent, *options, "--continue-on-failure", "--no-shrink", "--warnings", "off"],
        cwd=folder,
        env=os.environ
        | {"PYTHONPATH": str(ROOT), MUST_ANSWER: must_answer, NAMED: json.dumps(dict(named or {}))},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
    )
    assert run.returncode == 0, run.stdout[-12000:] + run.stderr[-2000:]
