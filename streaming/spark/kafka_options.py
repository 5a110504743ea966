"""Options of Spark's Kafka source and sink, made from the connection settings."""

from __future__ import annotations

from pathlib import Path

from lakehouse.process.kafka_settings import KafkaSettings, kafka_error

_LOGIN_MODULES = {
    "PLAIN": "org.apache.kafka.common.security.plain.PlainLoginModule",
    "SCRAM-SHA-256": "org.apache.kafka.common.security.scram.ScramLoginModule",
    "SCRAM-SHA-512": "org.apache.kafka.common.security.scram.ScramLoginModule",
}


def to_spark_options(kafka: KafkaSettings) -> dict[str, str]:
    """Return the options by which Spark reaches the cluster.

    Certificates and the key go by content, so that executors on other machines need none of the files.
    Raises: SettingError if a file cannot be read, or the key is not PKCS#8, the only form that Java reads.
    """
    options = {
        "kafka.bootstrap.servers": ",".join(kafka.servers),
        "kafka.security.protocol": kafka.security_protocol,
    }
    if kafka.sasl_mechanism:
        options["kafka.sasl.mechanism"] = kafka.sasl_mechanism
        options["kafka.sasl.jaas.config"] = _to_jaas(kafka)
    if kafka.ssl_cafile:
        options["kafka.ssl.truststore.type"] = "PEM"
        options["kafka.ssl.truststore.certificates"] = _read_pem("ssl_cafile", kafka.ssl_cafile)
    if kafka.ssl_certfile:
        options["kafka.ssl.keystore.type"] = "PEM"
        options["kafka.ssl.keystore.certificate.chain"] = _read_pem("ssl_certfile", kafka.ssl_certfile)
        options["kafka.ssl.keystore.key"] = _read_key(kafka.ssl_keyfile)
    return options


def _to_jaas(kafka: KafkaSettings) -> str:
    module = _LOGIN_MODULES[kafka.sasl_mechanism]
    username, password = _quote(kafka.sasl_username), _quote(kafka.sasl_password)
    return f"{module} required username={username} password={password};"


def _quote(value: str) -> str:
    r"""Return a JAAS string: `"a\"b\\c"` for a"b\c."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _read_pem(name: str, path: str) -> str:
    try:
        text = Path(path).read_text(encoding="ascii")
    except (OSError, UnicodeError) as error:
        raise kafka_error(name, f"it cannot be read: {error}") from error
    if "-----BEGIN " not in text:
        raise kafka_error(name, f"{path} is not PEM")
    return text


def _read_key(path: str) -> str:
    text = _read_pem("ssl_keyfile", path)
    if "-----BEGIN PRIVATE KEY-----" not in text:
        raise kafka_error(
            "ssl_keyfile",
            f"{path} is not PKCS#8 (BEGIN PRIVATE KEY): convert it with `openssl pkcs8 -topk8 -nocrypt`",
        )
    return text
