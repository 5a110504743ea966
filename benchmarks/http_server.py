"""`python -m benchmarks.http_server`: the API's server, with answers beside the API's that cost nothing to make.

`/constant/NAME` comes from a view behind the API's middleware, `/static/NAME` from the server without Django. Their
bytes are the file NAME in the folder that CRYPTOVIZ_RUNTIME_DIR names.
"""

import os
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from api.server.supervisor import ApiServer, listen
from lakehouse.process.settings import Settings

STATIC = "/static/"


class BenchServer(ApiServer):
    def load(self) -> Any:
        os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.http_settings"
        application = super().load()

        def dispatch(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            if not environ["PATH_INFO"].startswith(STATIC):
                answer: Iterable[bytes] = application(environ, start_response)
                return answer
            body = constant_body(environ["PATH_INFO"].removeprefix(STATIC))
            headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
            start_response("200 OK", headers)
            return [body]

        return dispatch


@cache
def constant_body(name: str) -> bytes:
    return (Path(os.environ["CRYPTOVIZ_RUNTIME_DIR"]) / Path(name).name).read_bytes()


def _use_metrics_folder(folder: Path) -> None:
    """Name the folder through which the server's processes sum their metrics, as `python -m api` does."""
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)


def main() -> int:
    settings = Settings.from_environ(os.environ)
    _use_metrics_folder(Path(settings.runtime_dir) / "metrics")
    BenchServer(settings, listen(settings.http_host, settings.http_port)).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
