"""One setting, both clients: mutual TLS and a hostile password, told to kafka-python and to Java's client."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from lakehouse.process.kafka_settings import KafkaSettings
from streaming.broker.config import BrokerFiles, Ports, choose_ports, escape_property, write_ports
from streaming.broker.embedded import EmbeddedBroker
from streaming.jars.folder import KAFKA_JARS
from streaming.kafka.topics import create_topics
from streaming.spark.java import find_jdk
from streaming.spark.kafka_options import to_spark_options

PASSWORD = r'p"a\s; s=w\\o\"rd é'
JAAS_PASSWORD = r'"p\"a\\s; s=w\\\\o\\\"rd é"'

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaSettings]:
    """Yield settings of a broker that requires a client certificate and a SASL password."""
    folder = tmp_path_factory.mktemp("broker")
    certificate, key = _make_certificate(folder)
    files = BrokerFiles(folder / "broker")
    files.directory.mkdir()
    inner = choose_ports(files, port=None)
    write_ports(files, inner)
    port = choose_ports(files, port=None, avoid_last=True).broker
    with EmbeddedBroker(files.directory, overrides=_secured(inner, port, certificate, key)):
        yield KafkaSettings(
            bootstrap_servers=f"127.0.0.1:{port}",
            security_protocol="SASL_SSL",
            sasl_mechanism="PLAIN",
            sasl_username="alice",
            sasl_password=PASSWORD,
            ssl_cafile=str(certificate),
            ssl_certfile=str(certificate),
            ssl_keyfile=str(key),
        )


def test_kafka_python_is_let_in(settings: KafkaSettings) -> None:
    described = create_topics(settings.for_kafka_python(), ["secured"])

    assert described["secured"].timestamp_type == "LogAppendTime"


def test_java_is_let_in_with_the_options_of_spark(settings: KafkaSettings, tmp_path: Path) -> None:
    create_topics(settings.for_kafka_python(), ["secured"])
    options = {name.removeprefix("kafka."): value for name, value in to_spark_options(settings).items()}
    lines = [f"{name}={escape_property(value)}\n" for name, value in options.items()]
    (tmp_path / "client.properties").write_text("".join(lines), encoding="ascii")

    described = _run_config_command(options["bootstrap.servers"], tmp_path / "client.properties")

    assert "message.timestamp.type=LogAppendTime" in described


def _make_certificate(folder: Path) -> tuple[Path, Path]:
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    make = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=127.0.0.1",
    ]
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*make, *names], check=True, capture_output=True)
    return certificate, key


def _secured(inner: Ports, port: int, certificate: Path, key: Path) -> dict[str, str]:
    jaas = f"org.apache.kafka.common.security.plain.PlainLoginModule required user_alice={JAAS_PASSWORD};"
    plain = f"PLAINTEXT://127.0.0.1:{inner.broker}"
    return {
        "listeners": f"{plain},CONTROLLER://127.0.0.1:{inner.controller},SECURED://127.0.0.1:{port}",
        "advertised.listeners": f"{plain},SECURED://127.0.0.1:{port}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURED:SASL_SSL",
        "listener.name.secured.sasl.enabled.mechanisms": "PLAIN",
        "listener.name.secured.plain.sasl.jaas.config": jaas,
        "listener.name.secured.ssl.client.auth": "required",
        "listener.name.secured.ssl.keystore.type": "PEM",
        "listener.name.secured.ssl.keystore.certificate.chain": certificate.read_text(encoding="ascii"),
        "listener.name.secured.ssl.keystore.key": key.read_text(encoding="ascii"),
        "listener.name.secured.ssl.truststore.type": "PEM",
        "listener.name.secured.ssl.truststore.certificates": certificate.read_text(encoding="ascii"),
    }


def _run_config_command(bootstrap_servers: str, properties: Path) -> str:
    tool = ["kafka.admin.ConfigCommand", "--bootstrap-server", bootstrap_servers]
    what = ["--command-config", str(properties), "--describe", "--all", "--topic", "secured"]
    command = [str(find_jdk().java), "-cp", f"{KAFKA_JARS}/*", *tool, *what]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout
