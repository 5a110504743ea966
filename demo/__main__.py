"""Command line of the demo: starts the Procfile's programs, prints what to open, and stops them at Ctrl-C."""

import os
from collections.abc import Mapping
from functools import partial
from typing import Annotated

from lakehouse.process.commands import exit_code_of, print_error, run, single_command
from lakehouse.process.number_option import wait_option
from lakehouse.process.stopping import end_process

DEFAULT_RUNTIME_DIR = ".runtime/demo"
LOCK_NAME = "demo.lock"


def start(
    seconds: Annotated[
        float | None,
        wait_option("stop so long after the demo is ready and its history complete, and check the API"),
    ] = None,
) -> int:
    from demo.pipeline import STOP_SECONDS, Demo
    from lakehouse.errors import LockedError
    from lakehouse.maintenance.lock import held_lock
    from lakehouse.process.settings import Settings
    from lakehouse.process.stopping import run_until_stopped

    settings = Settings.from_environ(
        {"CRYPTOVIZ_RUNTIME_DIR": DEFAULT_RUNTIME_DIR} | set_variables(os.environ)
    )
    settings.runtime_dir.mkdir(parents=True, exist_ok=True)
    try:
        with held_lock(settings.runtime_dir / LOCK_NAME, command="demo"):
            return run_until_stopped(
                lambda stopping: Demo(settings, stopping).run(seconds=seconds), grace_seconds=STOP_SECONDS
            )
    except LockedError as error:
        print_error("demo", f"a demo already runs in {settings.runtime_dir}: {error.holder}")
        return exit_code_of(error)


def set_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that are not empty."""
    return {name: value for name, value in environ.items() if value}


app = single_command(start, description="The whole pipeline on this machine.")
main = partial(run, app, prog="python -m demo")

if __name__ == "__main__":
    end_process(main())
