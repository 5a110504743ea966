"""How to reach the cluster: one frozen value, told to kafka-python and to Spark in their own words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from streaming.errors import KafkaSettingsError

ENV_PREFIX = "CRYPTOVIZ_KAFKA_"
SECURITY_PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
LOGIN_MODULES = {
    "PLAIN": "org.apache.kafka.common.security.plain.PlainLoginModule",
    "SCRAM-SHA-256": "org.apache.kafka.common.security.scram.ScramLoginModule",
    "SCRAM-SHA-512": "org.apache.kafka.common.security.scram.ScramLoginModule",
}
SERVER = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):(\d{1,5})")


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaSettings:
    """A checked set of connection settings; the password and the key's content never show in repr.

    Raises: KafkaSettingsError on construction, naming the environment variable to mend.
    """

    bootstrap_servers: str
    security_protocol: str = "PLAINTEXT"
    sasl_mechanism: str | None = None
    sasl_username: str | None = None
    sasl_password: str | None = field(default=None, repr=False)
    ssl_cafile: str | None = None
    ssl_certfile: str | None = None
    ssl_keyfile: str | None = None

    def __post_init__(self) -> None:
        for server in self.bootstrap_servers.split(","):
            match = SERVER.fullmatch(server.strip())
            if match is None or not 0 < int(match.group(2)) < 65536:
                raise _error(
                    "bootstrap_servers", f"{server.strip()!r} is not host:port (several are comma-separated)"
                )
        if self.security_protocol not in SECURITY_PROTOCOLS:
            accepted = ", ".join(SECURITY_PROTOCOLS)
            raise _error("security_protocol", f"{self.security_protocol!r} is not one of {accepted}")
        self._check_sasl()
        self._check_ssl()

    @classmethod
    def from_env(cls, environ: Mapping[str, str], *, default_bootstrap: str | None = None) -> KafkaSettings:
        """Reads CRYPTOVIZ_KAFKA_*; an empty variable counts as absent.

        >>> KafkaSettings.from_env({"CRYPTOVIZ_KAFKA_BOOTSTRAP_SERVERS": "k1:9092"}).bootstrap_servers
        'k1:9092'
        """
        names = [setting.name for setting in fields(cls)]
        known = {ENV_PREFIX + name.upper(): name for name in names}
        for variable in environ:
            if variable.startswith(ENV_PREFIX) and variable not in known:
                near = get_close_matches(variable, known, n=1)
                hint = f"; did you mean {near[0]}?" if near else f"; known: {', '.join(known)}"
                raise KafkaSettingsError(f"{variable} is not a setting{hint}")
        values = {name: environ[variable] for variable, name in known.items() if environ.get(variable)}
        if default_bootstrap is not None:
            values.setdefault("bootstrap_servers", default_bootstrap)
        if "bootstrap_servers" not in values:
            raise _error(
                "bootstrap_servers",
                "is not set: the addresses of the cluster, e.g. broker-1:9092,broker-2:9092",
            )
        return cls(**values)

    def for_kafka_python(self) -> dict[str, Any]:
        """Keyword arguments for kafka-python's clients."""
        config: dict[str, Any] = {
            "bootstrap_servers": [server.strip() for server in self.bootstrap_servers.split(",")],
            "security_protocol": self.security_protocol,
            "sasl_mechanism": self.sasl_mechanism,
            "sasl_plain_username": self.sasl_username,
            "sasl_plain_password": self.sasl_password,
            "ssl_cafile": self.ssl_cafile,
            "ssl_certfile": self.ssl_certfile,
            "ssl_keyfile": self.ssl_keyfile,
        }
        return {name: value for name, value in config.items() if value is not None}

    def for_spark(self) -> dict[str, str]:
        """Options for Spark's Kafka source and sink.

        Certificates and the key go by content, so that executors on other machines need none of the files.
        Raises: KafkaSettingsError if a file cannot be read, or the key is not PKCS#8, as Java wants it.
        """
        options = {
            "kafka.bootstrap.servers": ",".join(
                server.strip() for server in self.bootstrap_servers.split(",")
            ),
            "kafka.security.protocol": self.security_protocol,
        }
        if self.sasl_mechanism is not None:
            options["kafka.sasl.mechanism"] = self.sasl_mechanism
            options["kafka.sasl.jaas.config"] = self._to_jaas()
        if self.ssl_cafile is not None:
            options["kafka.ssl.truststore.type"] = "PEM"
            options["kafka.ssl.truststore.certificates"] = _read_pem("ssl_cafile", self.ssl_cafile)
        if self.ssl_certfile is not None and self.ssl_keyfile is not None:
            options["kafka.ssl.keystore.type"] = "PEM"
            options["kafka.ssl.keystore.certificate.chain"] = _read_pem("ssl_certfile", self.ssl_certfile)
            options["kafka.ssl.keystore.key"] = _read_key(self.ssl_keyfile)
        return options

    def _check_sasl(self) -> None:
        credentials = {"sasl_username": self.sasl_username, "sasl_password": self.sasl_password}
        given = {
            name: value
            for name, value in {"sasl_mechanism": self.sasl_mechanism, **credentials}.items()
            if value
        }
        if not self.security_protocol.startswith("SASL_"):
            for name in given:
                raise _error(
                    name, f"is set, but {ENV_PREFIX}SECURITY_PROTOCOL={self.security_protocol} has no SASL"
                )
            return
        if self.sasl_mechanism not in LOGIN_MODULES:
            accepted = ", ".join(LOGIN_MODULES)
            raise _error("sasl_mechanism", f"{self.sasl_mechanism!r} is not one of {accepted}")
        for name, value in credentials.items():
            if not value:
                raise _error(name, f"is not set, and {self.security_protocol} needs it")
            if any(ord(character) < 32 or ord(character) == 127 for character in value):
                raise _error(name, "has a control character")

    def _check_ssl(self) -> None:
        for name in ("ssl_cafile", "ssl_certfile", "ssl_keyfile"):
            if getattr(self, name) is not None and not self.security_protocol.endswith("SSL"):
                raise _error(
                    name, f"is set, but {ENV_PREFIX}SECURITY_PROTOCOL={self.security_protocol} has no TLS"
                )
        if (self.ssl_certfile is None) != (self.ssl_keyfile is None):
            missing = "ssl_certfile" if self.ssl_certfile is None else "ssl_keyfile"
            raise _error(missing, "is not set: a client certificate and its key go together")

    def _to_jaas(self) -> str:
        module = LOGIN_MODULES[str(self.sasl_mechanism)]
        username, password = _quote(str(self.sasl_username)), _quote(str(self.sasl_password))
        return f"{module} required username={username} password={password};"


def _quote(value: str) -> str:
    r"""A JAAS string: `"a\"b\\c"` for a"b\c."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _read_pem(name: str, path: str) -> str:
    try:
        text = Path(path).read_text(encoding="ascii")
    except (OSError, UnicodeError) as error:
        raise _error(name, f"cannot be read: {error}") from error
    if "-----BEGIN " not in text:
        raise _error(name, f"{path} is not PEM")
    return text


def _read_key(path: str) -> str:
    text = _read_pem("ssl_keyfile", path)
    if "-----BEGIN PRIVATE KEY-----" not in text:
        raise _error(
            "ssl_keyfile",
            f"{path} is not PKCS#8 (BEGIN PRIVATE KEY): convert it with `openssl pkcs8 -topk8 -nocrypt`",
        )
    return text


def _error(name: str, problem: str) -> KafkaSettingsError:
    separator = " " if problem.startswith(("is ", "has ", "cannot ")) else ": "
    return KafkaSettingsError(f"{ENV_PREFIX}{name.upper()}{separator}{problem}")
