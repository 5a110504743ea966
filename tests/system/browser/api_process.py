"""A real `python -m api` for a browser to look at."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.users import make_people, signed_in

ROOT = Path(__file__).resolve().parents[3]
STOP_SECONDS = 60


class ApiProcess:
    """A server that can be stopped and started again where it was."""

    def __init__(
        self, *, lake: Path, runtime_dir: Path, live_url: str, bootstrap: str, history_open: bool
    ) -> None:
        self._environ = {
            "CRYPTOVIZ_LAKE_URI": str(lake),
            "CRYPTOVIZ_RUNTIME_DIR": str(runtime_dir),
            "CRYPTOVIZ_HTTP_WORKERS": "1",
            "CRYPTOVIZ_LIVE_URL": live_url,
            "CRYPTOVIZ_KAFKA_BOOTSTRAP_SERVERS": bootstrap,
            "CRYPTOVIZ_HISTORY_OPEN": "yes" if history_open else "no",
        }
        self._port = 0
        self._process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/"

    def add_user(self, name: str) -> str:
        """The session of a new user, signed in with the PASSWORD of `tests.support.users`. The server runs."""
        make_people(Path(self._environ["CRYPTOVIZ_RUNTIME_DIR"]), name)
        return signed_in(self._port, name).cookies["sessionid"]

    def start(self) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("CRYPTOVIZ_")}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "api"],
            cwd=ROOT,
            env=clean | self._environ | {"CRYPTOVIZ_HTTP_PORT": str(self._port)},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        announced = re.search(r"http://127\.0\.0\.1:(\d+)", self._process.stdout.readline())
        assert announced is not None
        self._port = int(announced[1])

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)  # quick: it waits for no idle connection
            self._process.communicate(timeout=STOP_SECONDS)
            self._process = None


@contextmanager
def running_api(
    *, lake: Path, runtime_dir: Path, live_url: str = "", bootstrap: str = "", history_open: bool = True
) -> Iterator[ApiProcess]:
    """An API over the lake at a path, on a free port, until the end of the block."""
    api = ApiProcess(
        lake=lake,
        runtime_dir=runtime_dir,
        live_url=live_url,
        bootstrap=bootstrap,
        history_open=history_open,
    )
    api.start()
    try:
        yield api
    finally:
        api.stop()
