"""`python -m api`: serve HTTP and the WebSocket until a signal ends it."""

import importlib
import logging
import multiprocessing
import os
import shutil
import signal
import socket
import sys
from functools import partial
from pathlib import Path
from typing import NoReturn

from lakehouse.process import commands
from lakehouse.process.commands import EXIT_DONE, EXIT_FAILED, EXIT_USAGE
from lakehouse.process.stopping import end_process

SHARED_MODULES = (
    "django.db.models",
    "kafka",
    "lakehouse.lake",
    "pyarrow.compute",
    "rest_framework.serializers",
)
"""Modules that start no thread and read no setting when they are imported."""

logger = logging.getLogger("api")


def serve() -> int:
    """Serve until a signal; return 2 where a setting is wrong, 1 where the port is taken."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _exit)  # until gunicorn installs its own handlers
    from api.config.production import check_production
    from api.server.supervisor import ApiServer, listen
    from lakehouse.errors import SettingError
    from lakehouse.process.log_lines import configure_logging
    from lakehouse.process.settings import Settings

    try:
        settings = Settings.from_environ(os.environ)
        check_production(settings)
    except SettingError as error:
        print(error, file=sys.stderr)
        return EXIT_USAGE
    configure_logging(settings, sys.stderr)
    try:
        listener = listen(settings.http_host, settings.http_port)
    except OSError as error:
        address = f"{settings.http_host}:{settings.http_port}"
        print(f"cannot listen on {address}: {error.strerror}", file=sys.stderr)
        return EXIT_FAILED
    _import_before_forks()
    _migrate_in_child()
    _empty_metrics_folder(settings.runtime_dir, listener)
    ApiServer(settings, listener).run()
    return EXIT_DONE


app = commands.single_command(
    serve,
    description="Serve HTTP and the WebSocket until a signal ends it; print the URL once it listens.",
    epilog="Settings are environment variables: docs/settings.md.",
)
main = partial(commands.run, app, prog="python -m api")


def _exit(*_: object) -> NoReturn:
    sys.exit(EXIT_DONE)


def _empty_metrics_folder(runtime_dir: Path, listener: socket.socket) -> None:
    """Empty the folder in which processes sum their metrics, before anything is measured.

    The listener of a port owns the folder of that name: no other process can listen there.
    """
    host, port = listener.getsockname()[:2]
    folder = (runtime_dir / "metrics" / f"api-{host}-{port}").resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)


def _import_before_forks() -> None:
    """Import the heavy libraries once: every process that is forked has them, and shares their memory."""
    for name in SHARED_MODULES:
        importlib.import_module(name)


def _migrate_in_child() -> None:
    """Migrate in a process of its own, so that the workers' forks inherit nothing of Django's."""
    process = multiprocessing.get_context("fork").Process(target=_migrate, daemon=True)
    process.start()
    process.join()
    if process.exitcode:
        logger.error("the metadata database is not up to date exit_code=%s", process.exitcode)


def _migrate() -> None:
    """Bring the metadata database up to date, and publish its aliases to the analysis."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "api.config.settings")
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    from api.metadata.aliases import try_publish

    try_publish()


if __name__ == "__main__":
    end_process(main())
