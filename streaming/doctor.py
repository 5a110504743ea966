"""Diagnosis of an installation, with advice: `python -m streaming.doctor`.

Examines settings, packages, Java, jars, disk, broker, topics and tables; changes nothing.
"""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated

import typer
from deltalake.exceptions import DeltaError

from lakehouse.delta.catalog import Catalog
from lakehouse.delta.position import Position, TopicPartition, read_position
from lakehouse.delta.table import open_table
from lakehouse.errors import LakehouseError, LakeNotFoundError
from lakehouse.messages.contract import CONTRACTS
from lakehouse.process.commands import EXIT_DONE, EXIT_FAILED, run, single_command
from lakehouse.process.kafka_settings import KafkaSettings
from lakehouse.process.settings import Settings
from lakehouse.process.stopping import end_process
from lakehouse.schema.tables import BRONZE, TABLES
from streaming.broker.embedded import read_bootstrap
from streaming.command_line import INSTALLED_JARS
from streaming.errors import KafkaUnavailableError, StreamingError
from streaming.ingest.batch import INGESTED_TABLES
from streaming.ingest.preflight import find_losses
from streaming.kafka.topics import TopicDescription, describe_topics, fetch_offsets
from streaming.spark.jars import read_jars_lock
from streaming.spark.java import find_jdk

ROOT = Path(__file__).resolve().parent.parent
OK, WARN, FAIL = "ok", "warn", "fail"
LOW_BYTES, FULL_BYTES = 5_000_000_000, 1_000_000_000
BROKER_SECONDS = 5.0
MANY_MESSAGES = 10_000
_POSITIONED = frozenset(spec.name for spec in INGESTED_TABLES)
_PIN = re.compile(r"^([a-z0-9._-]+)==([^ ;\\]+)(?: ; ([^\\]+))?", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check. `advice` is empty where all is well."""

    what: str
    level: str
    detail: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class _Topics:
    """The topics of the cluster, and (first offset, end) of each (topic, partition)."""

    described: Mapping[str, TopicDescription]
    spans: Mapping[tuple[str, int], tuple[int, int]]


def print_findings(
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a finding, for machines")] = False,
) -> int:
    """Print each finding as soon as it is there."""
    logging.getLogger("kafka").setLevel(logging.CRITICAL)  # the finding says it
    levels = []
    for finding in examine(os.environ):
        levels.append(finding.level)
        print(json.dumps(asdict(finding)) if as_json else to_line(finding), flush=True)
    n_failed = levels.count(FAIL)
    if not as_json:
        print(f"doctor: {len(levels)} looked at, {n_failed} wrong, {levels.count(WARN)} to watch")
    return EXIT_FAILED if n_failed else EXIT_DONE


app = single_command(
    print_findings,
    description="Looks at settings, packages, Java, jars, disk, broker, topics and tables, and says what to do.\n"
    "Changes nothing. Exit code 1 where something keeps the pipeline from running.",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run(app, arguments, prog="python -m streaming.doctor")


def to_line(finding: Finding) -> str:
    advice = f"  -> {finding.advice}" if finding.advice else ""
    return f"{finding.level:<4}  {finding.what:<9} {finding.detail}{advice}"


def examine(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Yield the result of every check in turn; what another check needs comes first."""
    yield _packages(ROOT / "requirements.lock")
    yield _java(environ)
    yield _jars(ROOT / "setup" / "jars.lock", INSTALLED_JARS)
    try:
        settings = Settings.from_environ(environ)
    except LakehouseError as error:
        yield Finding("settings", FAIL, str(error), "correct the variable: docs/settings.md")
        return
    kafka = settings.kafka
    own = read_bootstrap(settings.broker_dir)
    if not kafka.is_named and own is not None:
        kafka = kafka.with_servers(own)
    if kafka.is_named:
        detail = f"lake {settings.lake_location().uri}, brokers {kafka.bootstrap_servers}"
        yield Finding("settings", OK, detail)
    else:
        problem = "CRYPTOVIZ_KAFKA_BOOTSTRAP_SERVERS is not set, and no embedded broker runs"
        yield Finding("settings", FAIL, problem, "name the brokers: docs/settings.md")
    yield _disk(settings)
    topics = None
    if kafka.is_named:
        finding, topics = _kafka(kafka)
        yield finding
    yield from _tables(settings, topics)


def _packages(lock: Path) -> Finding:
    wrong = []
    for name, pinned, condition in _PIN.findall(lock.read_text()):
        if condition:
            continue  # of another platform or Python, or not
        try:
            if (installed := version(name)) != pinned:
                wrong.append(f"{name} {installed}, not {pinned}")
        except PackageNotFoundError:
            wrong.append(f"{name} is missing")
    if wrong:
        return Finding("packages", FAIL, ", ".join(wrong[:5]), "make setup")
    return Finding("packages", OK, f"as {lock.name} says, Python {sys.version.split()[0]}")


def _java(environ: Mapping[str, str]) -> Finding:
    try:
        jdk = find_jdk(environ)
    except StreamingError as error:
        return Finding("java", FAIL, str(error), "install a JDK 17 or 21, or set JAVA_HOME")
    return Finding("java", OK, f"JDK {jdk.major} at {jdk.home}")


def _jars(lock: Path, folder: Path) -> Finding:
    locked = read_jars_lock(lock)
    missing = [str(jar.path) for jar in locked if not (folder / jar.path).is_file()]
    if missing:
        return Finding("jars", FAIL, f"{len(missing)} of {len(locked)} missing: {missing[0]}", "make setup")
    return Finding("jars", OK, f"{len(locked)} in place")


def _disk(settings: Settings) -> Finding:
    location = settings.lake_location()
    folder = location.to_path() if location.is_local else settings.runtime_dir
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    detail = f"{free / 1e9:.1f} GB free at {folder}"
    advice = "python -m compaction vacuum, expire; or a larger disk"
    if free < FULL_BYTES:
        return Finding("disk", FAIL, detail, advice)
    return Finding("disk", WARN, detail, advice) if free < LOW_BYTES else Finding("disk", OK, detail)


def _kafka(kafka: KafkaSettings) -> tuple[Finding, _Topics | None]:
    config = kafka.for_kafka_python()
    try:
        described = describe_topics(config, CONTRACTS, timeout_seconds=BROKER_SECONDS)
        spans = fetch_offsets(config, CONTRACTS, timeout_seconds=BROKER_SECONDS)
    except KafkaUnavailableError as error:
        return Finding("kafka", FAIL, str(error), "start the broker, or correct its address"), None
    except StreamingError as error:
        return Finding(
            "kafka", FAIL, str(error), "python -m streaming.kafka.topics makes what is missing"
        ), None
    n_partitions = sum(topic.n_partitions for topic in described.values())
    detail = f"{len(described)} topics, {n_partitions} partitions at {kafka.bootstrap_servers}"
    return Finding("kafka", OK, detail), _Topics(described, spans)


def _tables(settings: Settings, kafka_topics: _Topics | None) -> Iterator[Finding]:
    catalog = Catalog(settings.lake_location())
    try:
        build = catalog.current_build()
    except LakeNotFoundError:
        yield Finding(
            "lake", WARN, f"no lake at {settings.lake_location().uri} yet", "python -m streaming.ingest run"
        )
        return
    except (LakehouseError, DeltaError, OSError) as error:
        yield Finding("lake", FAIL, str(error), "look at the folder, and at who may read it")
        return
    yield Finding("lake", OK, f"build {build.build_id}, number {build.number}")
    topics, positions = catalog.current_topics(), {}
    for name, spec in TABLES.items():
        try:
            table = open_table(catalog.table_location(name, build), spec)
            if name in _POSITIONED:
                positions[name] = read_position(table, topics.values())
            yield Finding("table", OK, f"{name} version {table.version()}, {table.count():,} rows")
        except LakeNotFoundError:
            continue
        except (LakehouseError, DeltaError, OSError) as error:
            yield Finding("table", FAIL, f"{name}: {error}", "python -m compaction fsck says what is broken")
    if kafka_topics is not None and BRONZE.name in positions:
        yield _lag(topics, positions, kafka_topics)


def _lag(topics: Mapping[str, str], positions: Mapping[str, Position], kafka_topics: _Topics) -> Finding:
    """Return how far ingestion is behind, or what Kafka lost before it was ingested."""
    ids = {topic: description.topic_id for topic, description in kafka_topics.described.items()}
    spans = {TopicPartition(ids[topic], at): span for (topic, at), span in kafka_topics.spans.items()}
    losses = find_losses(
        positions=positions,
        registered=topics,
        described=kafka_topics.described,
        beginnings={key: first for key, (first, _) in spans.items()},
    )
    if losses:
        return Finding("ingest", FAIL, losses[0].in_words(), "python -m streaming.ingest accept-loss --help")
    lag = sum(max(0, end - positions[BRONZE.name][key]) for key, (_, end) in spans.items())
    detail = f"{lag:,} messages behind Kafka"
    if lag > MANY_MESSAGES:
        return Finding("ingest", WARN, detail, "does python -m streaming.ingest run?")
    return Finding("ingest", OK, detail)


if __name__ == "__main__":
    end_process(main())
