"""Connection settings are validated once, and become the options of kafka-python and of Spark."""

from pathlib import Path

import pytest

from lakehouse.errors import SettingError
from lakehouse.process.kafka_settings import KafkaSettings
from lakehouse.process.settings import Settings
from streaming.spark.kafka_options import to_spark_options

CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
KEY = "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n"
SASL = {
    "CRYPTOVIZ_KAFKA_BOOTSTRAP_SERVERS": "k1:9092, k2:9093",
    "CRYPTOVIZ_KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
    "CRYPTOVIZ_KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
    "CRYPTOVIZ_KAFKA_SASL_USERNAME": "alice",
    "CRYPTOVIZ_KAFKA_SASL_PASSWORD": 'a"b\\c; d',
}


def test_address_alone_is_a_plain_connection() -> None:
    settings = KafkaSettings.read({"CRYPTOVIZ_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9092", "PATH": "/bin"})

    assert settings.for_kafka_python() == {
        "bootstrap_servers": ["127.0.0.1:9092"],
        "security_protocol": "PLAINTEXT",
    }
    assert to_spark_options(settings) == {
        "kafka.bootstrap.servers": "127.0.0.1:9092",
        "kafka.security.protocol": "PLAINTEXT",
    }


def test_other_address_replaces_the_one_that_is_set() -> None:
    settings = KafkaSettings.read({}).with_servers("127.0.0.1:9092")

    assert settings.bootstrap_servers == "127.0.0.1:9092"


def test_password_reaches_both_clients_as_it_is_and_repr_not_at_all() -> None:
    settings = KafkaSettings.read(SASL)

    assert settings.for_kafka_python() == {
        "bootstrap_servers": ["k1:9092", "k2:9093"],
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "alice",
        "sasl_plain_password": 'a"b\\c; d',
    }
    assert to_spark_options(settings) == {
        "kafka.bootstrap.servers": "k1:9092,k2:9093",
        "kafka.security.protocol": "SASL_PLAINTEXT",
        "kafka.sasl.mechanism": "SCRAM-SHA-512",
        "kafka.sasl.jaas.config": (
            "org.apache.kafka.common.security.scram.ScramLoginModule required "
            'username="alice" password="a\\"b\\\\c; d";'
        ),
    }
    assert "c; d" not in repr(settings)


def test_certificates_go_to_spark_by_content(tmp_path: Path) -> None:
    for name, text in (("ca", CERTIFICATE), ("cert", CERTIFICATE), ("key", KEY)):
        (tmp_path / name).write_text(text, encoding="ascii")
    settings = KafkaSettings(
        bootstrap_servers="k1:9093",
        security_protocol="SSL",
        ssl_cafile=str(tmp_path / "ca"),
        ssl_certfile=str(tmp_path / "cert"),
        ssl_keyfile=str(tmp_path / "key"),
    )

    assert to_spark_options(settings) == {
        "kafka.bootstrap.servers": "k1:9093",
        "kafka.security.protocol": "SSL",
        "kafka.ssl.truststore.type": "PEM",
        "kafka.ssl.truststore.certificates": CERTIFICATE,
        "kafka.ssl.keystore.type": "PEM",
        "kafka.ssl.keystore.certificate.chain": CERTIFICATE,
        "kafka.ssl.keystore.key": KEY,
    }
    assert settings.for_kafka_python()["ssl_keyfile"] == str(tmp_path / "key")


def test_key_that_java_cannot_read_is_refused_with_the_command_that_converts_it(tmp_path: Path) -> None:
    (tmp_path / "cert").write_text(CERTIFICATE, encoding="ascii")
    (tmp_path / "key").write_text(KEY.replace("PRIVATE", "RSA PRIVATE"), encoding="ascii")
    settings = KafkaSettings(
        bootstrap_servers="k1:9093",
        security_protocol="SSL",
        ssl_certfile=str(tmp_path / "cert"),
        ssl_keyfile=str(tmp_path / "key"),
    )

    with pytest.raises(SettingError, match=r"CRYPTOVIZ_KAFKA_SSL_KEYFILE: .*openssl pkcs8 -topk8"):
        to_spark_options(settings)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"CRYPTOVIZ_KAFKA_BOOTSTRAP_SERVERS": ""}, "CRYPTOVIZ_KAFKA_BOOTSTRAP_SERVERS: it is not set"),
        ({"CRYPTOVIZ_KAFKA_BOOTSTRAP_SERVERS": "k1"}, "'k1' is not host:port"),
        ({"CRYPTOVIZ_KAFKA_BOOTSTRAP_SERVERS": "k1:9092,"}, "'' is not host:port"),
        ({"CRYPTOVIZ_KAFKA_BOOTSTRAP_SERVERS": "k1:99999"}, "'k1:99999' is not host:port"),
        (
            {"CRYPTOVIZ_KAFKA_SECURITY_PROTOCOL": "TLS"},
            "'TLS' is not PLAINTEXT or SSL or SASL_PLAINTEXT or SASL_SSL",
        ),
        (
            {"CRYPTOVIZ_KAFKA_SASL_MECHANISM": ""},
            "CRYPTOVIZ_KAFKA_SASL_MECHANISM: it is not set; accepted: PLAIN, SCRAM",
        ),
        (
            {"CRYPTOVIZ_KAFKA_SASL_PASSWORD": ""},
            "CRYPTOVIZ_KAFKA_SASL_PASSWORD: it is not set, and SASL_PLAINTEXT needs it",
        ),
        (
            {"CRYPTOVIZ_KAFKA_SASL_PASSWORD": "a\nb"},
            "CRYPTOVIZ_KAFKA_SASL_PASSWORD: it has a control character",
        ),
        ({"CRYPTOVIZ_KAFKA_SECURITY_PROTOCOL": "SSL"}, "CRYPTOVIZ_KAFKA_SASL_MECHANISM: it is set, but"),
        ({"CRYPTOVIZ_KAFKA_SSL_CAFILE": "ca.pem"}, "CRYPTOVIZ_KAFKA_SSL_CAFILE: it is set, but"),
        (
            {"CRYPTOVIZ_KAFKA_SECURITY_PROTOCOL": "SASL_SSL", "CRYPTOVIZ_KAFKA_SSL_KEYFILE": "key.pem"},
            "CRYPTOVIZ_KAFKA_SSL_CERTFILE: it is not set: a client certificate and its key go together",
        ),
        ({"CRYPTOVIZ_KAFKA_SASL_PASWORD": "x"}, "did you mean CRYPTOVIZ_KAFKA_SASL_PASSWORD?"),
    ],
)
def test_bad_setting_is_refused_by_its_name(changes: dict[str, str], message: str) -> None:
    with pytest.raises(SettingError) as caught:
        Settings.from_environ(SASL | changes).kafka.required()

    assert message in str(caught.value)
    assert "c; d" not in str(caught.value)


def test_certificate_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    settings = KafkaSettings(
        bootstrap_servers="k1:9093", security_protocol="SSL", ssl_cafile=str(tmp_path / "absent.pem")
    )

    with pytest.raises(SettingError, match="CRYPTOVIZ_KAFKA_SSL_CAFILE: it cannot be read"):
        to_spark_options(settings)
