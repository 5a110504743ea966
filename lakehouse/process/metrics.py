"""Addresses at which processes serve metrics to Prometheus. Metrics are defined beside what they measure."""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass

logger = logging.getLogger(__name__)

PROCESSES = ("stream", "ingest", "analysis", "news", "prices", "compaction")
"""Processes that serve metrics by themselves, by their names in the Procfile; the API serves its own at /metrics."""

_ADDRESS = re.compile(
    r"(?P<process>[a-z]+)=(?P<host>[\w.-]+|\[[0-9a-fA-F:]+\]):(?P<port>[0-9]{1,5})", re.ASCII
)


@dataclass(frozen=True, slots=True)
class MetricsAddress:
    """Host and port at which a process listens for Prometheus."""

    host: str
    port: int


def parse_addresses(text: str) -> Mapping[str, MetricsAddress]:
    """Return {process: address}. Raises: ValueError, which names the wrong part.

    >>> parse_addresses("stream=127.0.0.1:9101, news=[::1]:9102")["news"]
    MetricsAddress(host='::1', port=9102)
    """
    addresses: dict[str, MetricsAddress] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        match = _ADDRESS.fullmatch(part)
        if match is None or not 0 < int(match["port"]) < 65536:
            raise ValueError(f"{part!r} is not process=host:port")
        if match["process"] not in PROCESSES:
            raise ValueError(f"{match['process']!r} is none of {', '.join(PROCESSES)}")
        if match["process"] in addresses:
            raise ValueError(f"{match['process']} is named twice")
        addresses[match["process"]] = MetricsAddress(match["host"].strip("[]"), int(match["port"]))
    return addresses


def serve_metrics(process: str, addresses: Mapping[str, MetricsAddress]) -> None:
    """Serve this process's metrics in a thread until it ends; do nothing where no address is set for it.

    An address that is taken is logged and costs the metrics alone: what the process is there for goes on.
    """
    address = addresses.get(process)
    if address is None:
        return
    from prometheus_client import start_http_server  # here: the API must set the folder of its files first

    try:
        start_http_server(address.port, addr=address.host)
    except OSError as error:
        logger.error(
            "no metrics process=%s address=%s:%d error=%s", process, address.host, address.port, error
        )
        return
    logger.info("metrics process=%s url=http://%s:%d/metrics", process, address.host, address.port)
