"""Connection settings of the Kafka cluster, validated once and turned into options of kafka-python's clients."""

import re
from typing import Any, Literal, Self

from pydantic import model_validator
from pydantic_settings import SettingsConfigDict

from lakehouse.errors import SettingError
from lakehouse.process.environment import PREFIX, SettingsGroup, setting

KAFKA_PREFIX = f"{PREFIX}KAFKA_"
_SERVER = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):(\d{1,5})")


class KafkaSettings(SettingsGroup):
    """Addresses and credentials of a cluster. The password never shows in repr or in an error.

    Raises: SettingError on construction, naming the environment variable to correct.

    >>> KafkaSettings(bootstrap_servers="k1:9092").for_kafka_python()["bootstrap_servers"]
    ['k1:9092']
    """

    model_config = SettingsConfigDict(env_prefix=KAFKA_PREFIX)

    bootstrap_servers: str = setting(
        "",
        "addresses of the brokers, host:port, comma-separated; empty: the API follows no Kafka, collectors and feed "
        "take the embedded broker of runtime_dir, other programs refuse to start",
    )
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = setting(
        "PLAINTEXT", "PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL"
    )
    sasl_mechanism: Literal["", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = setting(
        "", "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512; empty: no SASL"
    )
    sasl_username: str = setting("", "SASL user")
    sasl_password: str = setting("", "SASL password", secret=True)
    ssl_cafile: str = setting("", "file of the certificates that are trusted, PEM")
    ssl_certfile: str = setting("", "file of the client's certificate, PEM")
    ssl_keyfile: str = setting("", "file of the client's key, PEM")

    @model_validator(mode="after")
    def _validate(self) -> Self:
        for server in self.servers:
            match = _SERVER.fullmatch(server)
            if match is None or not 0 < int(match.group(2)) < 65536:
                raise kafka_error(
                    "bootstrap_servers", f"{server!r} is not host:port (several are comma-separated)"
                )
        self._validate_sasl()
        self._validate_ssl()
        return self

    @property
    def servers(self) -> list[str]:
        """The brokers' addresses; none where no cluster is named."""
        return [server.strip() for server in self.bootstrap_servers.split(",")] if self.is_named else []

    @property
    def is_named(self) -> bool:
        """True if the settings name a cluster."""
        return bool(self.bootstrap_servers)

    def required(self) -> Self:
        """Return these settings. Raises: SettingError where they name no cluster."""
        if not self.is_named:
            raise kafka_error(
                "bootstrap_servers",
                "it is not set; accepted: the addresses of the cluster, e.g. broker-1:9092,broker-2:9092",
            )
        return self

    def with_servers(self, bootstrap_servers: str) -> "KafkaSettings":
        """Return these settings with other addresses. Raises: SettingError."""
        return KafkaSettings(**{**self.model_dump(), "bootstrap_servers": bootstrap_servers})

    def for_kafka_python(self) -> dict[str, Any]:
        """Return keyword arguments for kafka-python's clients; none where no cluster is named."""
        if not self.is_named:
            return {}
        options: dict[str, Any] = {
            "bootstrap_servers": self.servers,
            "security_protocol": self.security_protocol,
            "sasl_mechanism": self.sasl_mechanism,
            "sasl_plain_username": self.sasl_username,
            "sasl_plain_password": self.sasl_password,
            "ssl_cafile": self.ssl_cafile,
            "ssl_certfile": self.ssl_certfile,
            "ssl_keyfile": self.ssl_keyfile,
        }
        return {name: value for name, value in options.items() if value}

    def _validate_sasl(self) -> None:
        credentials = {"sasl_username": self.sasl_username, "sasl_password": self.sasl_password}
        if not self.security_protocol.startswith("SASL_"):
            for name, value in {"sasl_mechanism": self.sasl_mechanism, **credentials}.items():
                if value:
                    raise kafka_error(
                        name,
                        f"it is set, but {KAFKA_PREFIX}SECURITY_PROTOCOL={self.security_protocol} has no SASL",
                    )
            return
        if not self.sasl_mechanism:
            raise kafka_error(
                "sasl_mechanism", "it is not set; accepted: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512"
            )
        for name, value in credentials.items():
            if not value:
                raise kafka_error(name, f"it is not set, and {self.security_protocol} needs it")
            if any(ord(character) < 32 or ord(character) == 127 for character in value):
                raise kafka_error(name, "it has a control character")

    def _validate_ssl(self) -> None:
        for name in ("ssl_cafile", "ssl_certfile", "ssl_keyfile"):
            if getattr(self, name) and not self.security_protocol.endswith("SSL"):
                raise kafka_error(
                    name,
                    f"it is set, but {KAFKA_PREFIX}SECURITY_PROTOCOL={self.security_protocol} has no TLS",
                )
        if bool(self.ssl_certfile) != bool(self.ssl_keyfile):
            missing = "ssl_keyfile" if self.ssl_certfile else "ssl_certfile"
            raise kafka_error(missing, "it is not set: a client certificate and its key go together")


def kafka_error(name: str, problem: str) -> SettingError:
    """Return the error of one of the connection settings, by its variable."""
    return SettingError(variable=f"{KAFKA_PREFIX}{name.upper()}", problem=problem)
