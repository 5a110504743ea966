"""Metrics of the demo: the addresses of its programs, and a Prometheus that scrapes them where one is installed."""

import shutil
import socket
import sys
from pathlib import Path
from urllib.parse import urlsplit

METRICS = "stream=127.0.0.1:9101,news=127.0.0.1:9102,prices=127.0.0.1:9103,compaction=127.0.0.1:9104"
"""Those of deploy/prometheus/prometheus.yml. A port that is taken costs its program's metrics alone."""
PORT = 9090
API_PORT = "127.0.0.1:8000"
RULES = "prometheus"


def rules_folder(root: Path, environment: Path) -> Path | None:
    """Return the folder of prometheus.yml and alerts.yml: of the checkout, or of an installed wheel."""
    places = root / "deploy" / RULES, environment / "share" / "cryptoviz" / "deploy" / RULES
    return next((place for place in places if place.is_dir()), None)


def prometheus_command(*, api_url: str, folder: Path) -> tuple[list[str], str] | None:
    """Return the command of a Prometheus with its files in a folder, and its address.

    None where Prometheus is not installed, or where its usual port is taken.
    """
    program = shutil.which("prometheus")
    rules = rules_folder(Path(__file__).resolve().parents[1], Path(sys.prefix))
    if program is None or rules is None or _is_taken(PORT):
        return None
    folder.mkdir(parents=True, exist_ok=True)
    config = (rules / "prometheus.yml").read_text(encoding="utf-8")
    (folder / "prometheus.yml").write_text(
        config.replace(API_PORT, urlsplit(api_url).netloc), encoding="utf-8"
    )
    shutil.copyfile(rules / "alerts.yml", folder / "alerts.yml")
    address = f"127.0.0.1:{PORT}"
    options = (
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={address}",
    )
    return [program, *options], f"http://{address}/"


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False
