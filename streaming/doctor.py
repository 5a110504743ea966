"""What is wrong here, and what to do about it: `python -m streaming.doctor`.

Looks at settings, packages, Java, jars, disk, broker, topics and tables; changes nothing.
"""

from __future__ import annotations

import argparse
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

from deltalake.exceptions import DeltaError

from lakehouse.delta.catalog import Catalog
from lakehouse.delta.position import Position, TopicPartition, read_position
from lakehouse.delta.table import open_table
from lakehouse.errors import LakehouseError, LakeNotFoundError
from lakehouse.messages.contract import CONTRACTS
from lakehouse.process.settings import Settings
from lakehouse.schema.tables import BRONZE, TABLES
from streaming.broker.embedded import read_bootstrap
from streaming.errors import KafkaUnavailableError, StreamingError
from streaming.ingest.batch import INGESTED_TABLES
from streaming.ingest.preflight import find_losses
from streaming.kafka.settings import KafkaSettings
from streaming.kafka.topics import TopicDescription, describe_topics, fetch_offsets
from streaming.spark.jars import read_jars_lock
from streaming.spark.java import find_jdk

ROOT = Path(__file__).resolve().parent.parent
OK, WARN, FAIL = "ok", "warn", "fail"
EXIT_FAILED = 1
LOW_BYTES, FULL_BYTES = 5_000_000_000, 1_000_000_000
BROKER_SECONDS = 5.0
MANY_MESSAGES = 10_000
_INTAKE = frozenset(spec.name for spec in INGESTED_TABLES)
_PIN = re.compile(r"^([a-z0-9._-]+)==([^ ;\\]+)(?: ; ([^\\]+))?", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look found. ``advice`` is empty where all is well."""

    what: str
    level: str
    said: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class _Broker:
    """The topics as they are, and (first offset, end) of each (topic, partition)."""

    described: Mapping[str, TopicDescription]
    spans: Mapping[tuple[str, int], tuple[int, int]]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m streaming.doctor",
        description="Looks at settings, packages, Java, jars, disk, broker, topics and tables, and says what to do. "
        "Changes nothing. Exit code 1 where something keeps the pipeline from running.",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a finding, for machines")
    options = parser.parse_args(arguments)
    logging.getLogger("kafka").setLevel(logging.CRITICAL)  # the finding says it
    findings = []
    for finding in examine(os.environ):
        findings.append(finding)
        print(json.dumps(asdict(finding)) if options.json else to_line(finding), flush=True)
    n_failed = sum(finding.level == FAIL for finding in findings)
    if not options.json:
        n_warned = sum(finding.level == WARN for finding in findings)
        print(f"doctor: {len(findings)} looked at, {n_failed} wrong, {n_warned} to watch")
    return EXIT_FAILED if n_failed else 0


def to_line(finding: Finding) -> str:
    advice = f"  -> {finding.advice}" if finding.advice else ""
    return f"{finding.level:<4}  {finding.what:<9} {finding.said}{advice}"


def examine(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Every look in turn. What another one needs is looked at first; what cannot be looked at says so."""
    yield _packages(ROOT / "requirements.lock")
    yield _java(environ)
    yield _jars(ROOT / "setup" / "jars.lock", ROOT / ".runtime" / "jars")
    try:
        settings = Settings.from_environ(environ)
        own = read_bootstrap(Path(settings.runtime_dir) / "broker")
        kafka = KafkaSettings.from_env(environ, default_bootstrap=own)
    except LakehouseError as error:
        yield Finding("settings", FAIL, str(error), "correct the variable: docs/settings.md")
        return
    except StreamingError as error:
        yield Finding("settings", FAIL, str(error), "name the brokers: docs/settings.md")
        yield from _storage(settings, None)
        return
    said = f"lake {settings.lake_location().uri}, brokers {kafka.bootstrap_servers}"
    yield Finding("settings", OK, said)
    yield from _storage(settings, kafka)


def _storage(settings: Settings, kafka: KafkaSettings | None) -> Iterator[Finding]:
    yield _disk(settings)
    broker = None
    if kafka is not None:
        finding, broker = _broker(kafka)
        yield finding
    yield from _tables(settings, broker)


def _packages(lock: Path) -> Finding:
    wrong = []
    for name, wanted, condition in _PIN.findall(lock.read_text()):
        if condition:
            continue  # of another platform or Python, or not
        try:
            if (found := version(name)) != wanted:
                wrong.append(f"{name} {found}, not {wanted}")
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
    wanted = read_jars_lock(lock)
    missing = [str(jar.path) for jar in wanted if not (folder / jar.path).is_file()]
    if missing:
        return Finding("jars", FAIL, f"{len(missing)} of {len(wanted)} missing: {missing[0]}", "make setup")
    return Finding("jars", OK, f"{len(wanted)} in place")


def _disk(settings: Settings) -> Finding:
    location = settings.lake_location()
    looked_at = location.to_path() if location.is_local else Path(settings.runtime_dir)
    while not looked_at.exists():
        looked_at = looked_at.parent
    free = shutil.disk_usage(looked_at).free
    said = f"{free / 1e9:.1f} GB free at {looked_at}"
    advice = "python -m compaction vacuum, expire; or a larger disk"
    if free < FULL_BYTES:
        return Finding("disk", FAIL, said, advice)
    return Finding("disk", WARN, said, advice) if free < LOW_BYTES else Finding("disk", OK, said)


def _broker(kafka: KafkaSettings) -> tuple[Finding, _Broker | None]:
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
    said = f"{len(described)} topics, {n_partitions} partitions at {kafka.bootstrap_servers}"
    return Finding("kafka", OK, said), _Broker(described, spans)


def _tables(settings: Settings, broker: _Broker | None) -> Iterator[Finding]:
    catalog = Catalog(settings.lake_location())
    try:
        build = catalog.current_build()
    except LakeNotFoundError:
        yield Finding(
            "lake", WARN, f"no lake at {settings.lake_location().uri} yet", "python -m streaming.ingest run"
        )
        return
    except (LakehouseError, DeltaError, OSError) as error:
        yield Finding("lake", FAIL, str(error), "look at the place, and at who may read it")
        return
    yield Finding("lake", OK, f"build {build.build_id}, number {build.number}")
    topics, positions = catalog.current_topics(), {}
    for name, spec in TABLES.items():
        try:
            table = open_table(catalog.table_location(name, build), spec)
            if name in _INTAKE:
                positions[name] = read_position(table, topics.values())
            yield Finding("table", OK, f"{name} version {table.version()}, {table.count():,} rows")
        except LakeNotFoundError:
            continue
        except (LakehouseError, DeltaError, OSError) as error:
            yield Finding("table", FAIL, f"{name}: {error}", "python -m compaction fsck says what is broken")
    if broker is not None and BRONZE.name in positions:
        yield _lag(topics, positions, broker)


def _lag(topics: Mapping[str, str], positions: Mapping[str, Position], broker: _Broker) -> Finding:
    """How far ingestion is behind, or what Kafka lost before it came there."""
    ids = {topic: description.topic_id for topic, description in broker.described.items()}
    spans = {TopicPartition(ids[topic], at): span for (topic, at), span in broker.spans.items()}
    losses = find_losses(
        positions=positions,
        registered=topics,
        described=broker.described,
        beginnings={key: first for key, (first, _) in spans.items()},
    )
    if losses:
        return Finding("ingest", FAIL, losses[0].in_words(), "python -m streaming.ingest accept-loss --help")
    lag = sum(max(0, end - positions[BRONZE.name][key]) for key, (_, end) in spans.items())
    said = f"{lag:,} messages behind Kafka"
    if lag > MANY_MESSAGES:
        return Finding("ingest", WARN, said, "does python -m streaming.ingest run?")
    return Finding("ingest", OK, said)


if __name__ == "__main__":
    sys.exit(main())
