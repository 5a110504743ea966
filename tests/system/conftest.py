"""One Spark session and one broker for all tests of a worker; a second session would keep settings of the first."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pyspark
import pytest
from pyspark.sql import SparkSession

from streaming.broker import config as broker_config
from streaming.broker.embedded import EmbeddedBroker
from streaming.spark.java import find_jdk
from streaming.spark.session import build_session

ROOT = Path(__file__).resolve().parents[2]
SPARK_JARS = ROOT / ".runtime" / "jars" / "spark"
TEST_JAR = ROOT / ".runtime" / "jars" / "test" / "cryptoviz-jvm-test.jar"
TEST_SOURCES = ROOT / "jvm" / "src" / "test" / "java"


@pytest.fixture(scope="session", autouse=True)
def usual_broker_port(worker_id: str) -> Iterator[None]:
    """Give the brokers of each worker a usual port of their own: a killed one finds its port free again."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        if worker_id != "master":
            number = int(worker_id.removeprefix("gw"))
            monkeypatch.setattr(broker_config, "DEFAULT_PORT", 19092 + 1000 * number)
        yield


@pytest.fixture(scope="session")
def broker_of_worker(
    tmp_path_factory: pytest.TempPathFactory, usual_broker_port: None
) -> Iterator[EmbeddedBroker]:
    """Run a broker for tests that neither stop nor configure it, beside the usual port; see `shared_broker`."""
    directory = tmp_path_factory.mktemp("broker")
    with EmbeddedBroker(directory, broker_config.DEFAULT_PORT + 1) as broker:
        yield broker


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    session = build_session(app_name="cryptoviz-tests", master="local[2]", jars_dir=SPARK_JARS)
    yield session
    _end_jvm(session)


def _end_jvm(session: SparkSession) -> None:
    """Stop the session, and the JVM, which would otherwise live as long as this process."""
    gateway = session.sparkContext._gateway
    session.stop()
    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait(30)


@pytest.fixture(scope="session")
def jvm_class_path(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the class path of a JVM without Spark's session: our classes, the tests' own, Delta, Hadoop."""
    pyspark_jars = Path(pyspark.__file__).parent / "jars"
    entries = (f"{SPARK_JARS}/*", f"{pyspark_jars}/*")
    sources = sorted(TEST_SOURCES.rglob("*.java"))
    newest = max(path.stat().st_mtime for path in sources)
    if not TEST_JAR.exists() or TEST_JAR.stat().st_mtime < newest:
        _compile_tests(sources, os.pathsep.join(entries), tmp_path_factory.mktemp("test-classes"))
    return os.pathsep.join((str(TEST_JAR), *entries))


def _compile_tests(sources: list[Path], class_path: str, classes: Path) -> None:
    jdk = find_jdk()
    flags = ("--release", "17", "-encoding", "UTF-8", "-proc:none", "-nowarn")
    subprocess.run(
        [str(jdk.javac), *flags, "-cp", class_path, "-d", str(classes), *map(str, sources)], check=True
    )
    TEST_JAR.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([str(jdk.home / "bin" / "jar"), "cf", str(TEST_JAR), "-C", str(classes), "."], check=True)
