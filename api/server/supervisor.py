"""gunicorn as the API runs it: its settings, and processes of two kinds."""

import signal
import socket
import sys
from typing import Any, NoReturn

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter

from api.server.fd_passing import SocketHandoff
from api.server.gateway_worker import GatewayWorker
from api.server.http_worker import HttpWorker
from lakehouse.process.settings import Settings
from lakehouse.process.stopping import end_without_finalization

GRACEFUL_SECONDS = 15
REQUEST_SECONDS = 60
KEEP_ALIVE_SECONDS = 15


class ApiArbiter(Arbiter):
    """gunicorn's supervisor with ``n_gateways`` processes for the WebSocket, and the rest for HTTP."""

    def __init__(self, app: BaseApplication, *, n_gateways: int) -> None:
        super().__init__(app)
        self._n_gateways = n_gateways
        if n_gateways:
            HttpWorker.handoff = GatewayWorker.handoff = SocketHandoff.open()

    def spawn_worker(self) -> Any:
        n_running = sum(isinstance(worker, GatewayWorker) for worker in self.WORKERS.values())
        self.worker_class = GatewayWorker if n_running < self._n_gateways else HttpWorker
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
            "worker_class": "api.server.http_worker.HttpWorker",
            "proc_name": "cryptoviz-api",
            "preload_app": False,
            "timeout": REQUEST_SECONDS,
            "graceful_timeout": GRACEFUL_SECONDS,
            "keepalive": KEEP_ALIVE_SECONDS,
            "loglevel": "warning",
            "control_socket_disable": True,
            "when_ready": _print_url,
            "child_exit": _drop_gauges,
            "worker_exit": _end_worker,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        from api.config.wsgi import application

        return application

    def run(self) -> None:
        ApiArbiter(self, n_gateways=self._n_gateways).run()


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 takes any free one. Raises OSError where the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(1024)
    listener.set_inheritable(True)
    return listener


def _print_url(arbiter: Any) -> None:
    host, port = arbiter.LISTENERS[0].sock.getsockname()[:2]
    name = f"[{host}]" if ":" in host else host
    print(f"API listening on http://{name}:{port}", flush=True)


def _drop_gauges(_: Any, worker: Any) -> None:
    """Drop the gauges of a process that has ended; what it counted stays counted."""
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)


def _end_worker(_: Any, __: Any) -> NoReturn:
    """End a worker without the interpreter's finalization, with the exit code that gunicorn has chosen."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the supervisor asks again after a signal to the whole group
    error = sys.exc_info()[1]
    code = error.code if isinstance(error, SystemExit) and isinstance(error.code, int) else 1
    end_without_finalization(code)
