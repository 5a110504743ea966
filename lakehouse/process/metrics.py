"""Where each process gives its metrics to Prometheus. The metrics themselves are defined beside what they measure."""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass

logger = logging.getLogger(__name__)

PROCESSES = ("stream", "ingest", "analysis", "news", "prices", "compaction")
"""Whoever serves metrics by itself, by its name in the Procfile; the API serves its own at /metrics."""

_PLACE = re.compile(r"(?P<process>[a-z]+)=(?P<host>[\w.-]+|\[[0-9a-fA-F:]+\]):(?P<port>[0-9]{1,5})", re.ASCII)


@dataclass(frozen=True, slots=True)
class MetricsAddress:
    """Where a process listens for Prometheus."""

    host: str
    port: int


def parse_addresses(text: str) -> Mapping[str, MetricsAddress]:
    """{process: address}. Raises ValueError, saying which part is wrong.

    >>> parse_addresses("stream=127.0.0.1:9101, news=[::1]:9102")["news"]
    MetricsAddress(host='::1', port=9102)
    """
    addresses: dict[str, MetricsAddress] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        found = _PLACE.fullmatch(part)
        if found is None or not 0 < int(found["port"]) < 65536:
            raise ValueError(f"{part!r} is not process=host:port")
        if found["process"] not in PROCESSES:
            raise ValueError(f"{found['process']!r} is none of {', '.join(PROCESSES)}")
        if found["process"] in addresses:
            raise ValueError(f"{found['process']} is there twice")
        addresses[found["process"]] = MetricsAddress(found["host"].strip("[]"), int(found["port"]))
    return addresses


def serve_metrics(process: str, addresses: Mapping[str, MetricsAddress]) -> None:
    """Serves this process's metrics in a thread, until it ends; nothing where no address is set for it.

    An address that is taken is logged and costs the metrics alone: what the process is there for goes on.
    """
    address = addresses.get(process)
    if address is None:
        return
    from prometheus_client import start_http_server  # here: the API has to say first where its files are

    try:
        start_http_server(address.port, addr=address.host)
    except OSError as error:
        logger.error(
            "no metrics process=%s address=%s:%d error=%s", process, address.host, address.port, error
        )
        return
    logger.info("metrics process=%s url=http://%s:%d/metrics", process, address.host, address.port)
