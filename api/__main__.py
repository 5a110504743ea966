"""`python -m api`: serves HTTP until it is told to stop; prints its URL once it listens."""

import logging
import multiprocessing
import os
import shutil
import signal
import socket
import sys
from pathlib import Path
from typing import Any, NoReturn

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter

from api.config.production import check_production
from api.server.fd_passing import SocketHandoff
from api.server.gateway_worker import GatewayWorker
from api.server.http_worker import ProblemWorker
from lakehouse.errors import SettingError
from lakehouse.process.log_lines import configure_logging
from lakehouse.process.settings import Settings
from lakehouse.process.stopping import end_process

logger = logging.getLogger("api")

GRACEFUL_SECONDS = 15
REQUEST_SECONDS = 60


class ApiArbiter(Arbiter):
    """gunicorn's supervisor, with processes of two kinds: so many gateways, the rest for HTTP."""

    def __init__(self, app: BaseApplication, *, n_gateways: int) -> None:
        super().__init__(app)
        self._n_gateways = n_gateways
        if n_gateways:
            ProblemWorker.doorway = GatewayWorker.doorway = SocketHandoff.open()

    def spawn_worker(self) -> Any:
        n_running = sum(isinstance(worker, GatewayWorker) for worker in self.WORKERS.values())
        self.worker_class = GatewayWorker if n_running < self._n_gateways else ProblemWorker
        return super().spawn_worker()


class ApiServer(BaseApplication):
    """gunicorn with the API's settings. Workers import the application themselves, after the fork."""

    def __init__(self, settings: Settings, listener: socket.socket) -> None:
        self._settings = settings
        self._listener = listener
        self._n_gateways = settings.live_processes if settings.follows_kafka else 0
        super().__init__()

    def load_config(self) -> None:
        options: dict[str, Any] = {
            "bind": f"fd://{self._listener.detach()}",  # gunicorn owns it from here
            "workers": self._settings.http_workers + self._n_gateways,
            "threads": self._settings.http_threads,
            "worker_class": "api.server.http_worker.ProblemWorker",
            "proc_name": "cryptoviz-api",
            "preload_app": False,
            "timeout": REQUEST_SECONDS,
            "graceful_timeout": GRACEFUL_SECONDS,
            "keepalive": 15,
            "loglevel": "warning",
            "control_socket_disable": True,
            "when_ready": self._announce,
            "child_exit": _forget_gauges,
            "worker_exit": _end_worker,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        from api.config.wsgi import application

        return application

    def run(self) -> None:
        ApiArbiter(self, n_gateways=self._n_gateways).run()

    def _announce(self, arbiter: Any) -> None:
        host, port = arbiter.LISTENERS[0].sock.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        print(f"API listening on http://{shown}:{port}", flush=True)


def keep_metrics_in(runtime_dir: Path, listener: socket.socket) -> None:
    """Before anything is measured: names the folder through which processes add up their metrics, and empties it.

    Whoever listens on a port owns its folder: nobody else can.
    """
    host, port = listener.getsockname()[:2]
    folder = (runtime_dir / "metrics" / f"api-{host}-{port}").resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)


def _forget_gauges(_: Any, worker: Any) -> None:
    """What a process that has ended held is held no more; what it counted stays counted."""
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)


def _end_worker(_: Any, __: Any) -> NoReturn:
    """End a worker whose threads still run in the background, with the exit code that gunicorn has chosen."""
    error = sys.exc_info()[1]
    end_process(error.code if isinstance(error, SystemExit) and isinstance(error.code, int) else 1)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes any free one. Raises OSError where the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(1024)
    listener.set_inheritable(True)
    return listener


def main() -> int:
    """Exits 2 with one line where a setting is wrong, 1 where the port is taken."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _exit_cleanly)  # until gunicorn installs its own handlers
    try:
        settings = Settings.from_environ(os.environ)
        check_production(settings)
    except SettingError as error:
        print(error, file=sys.stderr)
        return 2
    configure_logging(settings, sys.stderr)
    try:
        listener = listen(settings.http_host, settings.http_port)
    except OSError as error:
        print(
            f"cannot listen on {settings.http_host}:{settings.http_port}: {error.strerror}", file=sys.stderr
        )
        return 1
    _migrate()
    keep_metrics_in(settings.runtime_dir, listener)
    ApiServer(settings, listener).run()
    return 0


def _exit_cleanly(*_: object) -> NoReturn:
    sys.exit(0)


def _migrate() -> None:
    """Brings the metadata database up to date, and the analysis with it, in a process of its own.

    A fork shall inherit nothing of Django's.
    """
    process = multiprocessing.get_context("fork").Process(target=_migrate_here, daemon=True)
    process.start()
    process.join()
    if process.exitcode:
        logger.error("the metadata database is not up to date exit_code=%s", process.exitcode)


def _migrate_here() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "api.config.settings")
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    from api.metadata.aliases import try_publish

    try_publish()


if __name__ == "__main__":
    end_process(main())
