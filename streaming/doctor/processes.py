"""Checks of processes: those of the pipeline that run on this machine, and those that answer with their metrics."""

import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

from lakehouse.process.metrics import MetricsAddress
from streaming.doctor.findings import OK, WARN, Finding

PROC = Path("/proc")
CONNECT_SECONDS = 1.0
ADVICE = "start what is missing: cryptoviz --help lists the services, docs/running.md says how"
_PROGRAMS: Mapping[str, str] = {
    "streaming": "ingestion and analysis",
    "streaming.ingest": "ingestion",
    "streaming.analysis": "analysis",
    "streaming.collect": "collector",
    "streaming.broker": "embedded broker",
    "api": "API",
    "compaction": "table service",
}
"""{module that `python -m` runs: what it is}"""
_COMMANDS: Mapping[str, str] = {
    "stream": "streaming",
    "ingest": "streaming.ingest",
    "analysis": "streaming.analysis",
    "collect": "streaming.collect",
    "broker": "streaming.broker",
    "api": "api",
    "table-service": "compaction",
}
"""{sub-command of `cryptoviz`: its module}"""


def examine_processes(addresses: Mapping[str, MetricsAddress]) -> Iterator[Finding]:
    """Yield the programs that run here, where the system shows that, and each metrics address that does not answer."""
    if PROC.is_dir():
        programs = find_programs(PROC)
        if programs:
            words = ", ".join(
                f"{_PROGRAMS[module]} (pid {' '.join(map(str, pids))})" for module, pids in programs.items()
            )
            yield Finding("processes", OK, words)
        else:
            yield Finding("processes", WARN, "no program of the pipeline runs on this machine", ADVICE)
    for process, address in addresses.items():
        where = f"{process} at {address.host}:{address.port}"
        if _answers(address):
            yield Finding("metrics", OK, f"{where} answers")
        else:
            yield Finding(
                "metrics", WARN, f"{where} does not answer", f"start {process}, or correct CRYPTOVIZ_METRICS"
            )


def find_programs(proc: Path) -> dict[str, list[int]]:
    """Return {module: process ids} of the programs that a folder like /proc shows.

    A child with the program of its parent, such as a worker, is not counted.
    """
    found: dict[str, dict[int, int]] = {}
    for folder in proc.glob("[0-9]*"):
        try:
            arguments = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
            parent = int((folder / "stat").read_text(errors="replace").rpartition(")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            continue  # ended meanwhile, or of another user
        module = _module_of(arguments)
        if module is not None:
            found.setdefault(module, {})[int(folder.name)] = parent
    return {
        module: sorted(pid for pid, parent in found[module].items() if parent not in found[module])
        for module in _PROGRAMS
        if module in found
    }


def _module_of(arguments: list[str]) -> str | None:
    """Return the module that a command line runs: `python -m streaming.ingest run`, `cryptoviz ingest run`."""
    for at, argument in enumerate(arguments[:-1]):
        following = arguments[at + 1]
        if argument == "-m" and following in _PROGRAMS:
            return following
        if Path(argument).name == "cryptoviz" and following in _COMMANDS:
            return _COMMANDS[following]
    return None


def _answers(address: MetricsAddress) -> bool:
    try:
        socket.create_connection((address.host, address.port), timeout=CONNECT_SECONDS).close()
    except OSError:
        return False
    return True
