"""Every setting, written once: its variable, type, default and meaning. Built at an entry point, frozen."""

import json
import logging
import re
import secrets
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from pathlib import Path
from typing import Any

from lakehouse.delta.storage import LakeLocation
from lakehouse.engine.limits import QueryLimits
from lakehouse.errors import RetentionRuleError, SettingError
from lakehouse.process.metrics import MetricsAddress, parse_addresses
from lakehouse.process.retention import Retention

PREFIX = "CRYPTOVIZ_"
LOG_LINES, LOG_JSON = "lines", "json"
SOCKET_PATH = "/ws/v1/flux"
_SECRET_FILE = "secret_key"
_SECRET_BYTES = 48
_LIVE_URL = re.compile(r"(wss?://[\w.:\[\]-]+)?(/(?!/)[^\s;,\"'<>]*)?", re.ASCII)
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?", re.ASCII)
_RATE = re.compile(r"[1-9][0-9]{0,8}/(second|minute|hour|day)", re.ASCII)


def _setting(default: Any, meaning: str, *, secret: bool = False) -> Any:
    return field(default=default, repr=not secret, metadata={"meaning": meaning, "secret": secret})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The values that an entry point hands on. A field's variable is CRYPTOVIZ_ and its name in capitals."""

    runtime_dir: str = _setting(
        ".runtime", "folder of everything that a run leaves behind: lake, metadata, keys"
    )
    lake_uri: str = _setting("", "path or URI of the lake; empty: the folder lake in runtime_dir")
    lake_storage_options: str = _setting(
        "{}", "options of the lake's storage, as a JSON object of strings", secret=True
    )
    retention: str = _setting(
        "", "days that tables keep, such as bronze=30,gold_price=121; one that is not named keeps everything"
    )
    http_host: str = _setting("127.0.0.1", "address that the API listens on")
    http_port: int = _setting(8000, "port that the API listens on; 0: any free one")
    http_workers: int = _setting(2, "processes that answer HTTP")
    http_threads: int = _setting(8, "threads of each of them")
    http_head_seconds: float = _setting(10.0, "within how long a client must have sent a request's head")
    http_piece_seconds: float = _setting(
        60.0, "within how long a piece of an answer must be made and taken; a stream has many pieces"
    )
    live_url: str = _setting(
        "",
        "WebSocket that the viewer follows: ws://host/path, wss://, or a path; empty: the API's own where it serves "
        "one, else the viewer asks every 2 s",
    )
    allowed_hosts: str = _setting("*", "host names that the API answers to, comma-separated")
    secret_key: str = _setting(
        "",
        "key that signs cursors and sessions; empty: made once in runtime_dir; the same on all machines",
        secret=True,
    )
    production: bool = _setting(
        False,
        "whether this is for others: behind TLS, with a secret key and host names of its own; the API refuses to start "
        "where that is not so",
    )
    debug: bool = _setting(False, "whether pages of people show errors in full; refused in production")
    database_url: str = _setting(
        "",
        "PostgreSQL of the metadata, postgresql://user:password@host:5432/name?sslmode=require; "
        "empty: SQLite, metadata.sqlite3 in runtime_dir",
        secret=True,
    )
    history_open: bool = _setting(
        True,
        "whether anybody may read histories, assets, the state and the WebSocket; no: whoever signs in or has a token",
    )
    cors_origins: str = _setting(
        "",
        "pages that may read the API beside its own, comma-separated, such as https://viewer.example; with tokens, "
        "never with sessions",
    )
    log_level: str = _setting("INFO", "least level that is logged")
    log_format: str = _setting(
        LOG_LINES,
        "lines: a line of text with key=value pairs; json: an object a line (time, level, logger, message, fields)",
    )
    columns_budget_bytes: int = _setting(
        256 * 1024 * 1024, "memory of an API process for recent days kept as columns; 0: none"
    )
    answers_budget_bytes: int = _setting(
        16 * 1024 * 1024, "memory of an API process for answers that nothing has changed since; 0: none"
    )
    heavy_queries: int = _setting(
        4, "statements that an API process runs on files at once; more wait, then get 503; 0: any number"
    )
    heavy_wait_seconds: float = _setting(2.0, "how long one more of them waits")
    query_seconds: float = _setting(15.0, "after how long a statement on files is stopped; 0: never")
    query_memory_bytes: int = _setting(
        1024 * 1024 * 1024, "memory of an API process for statements on files; 0: 2 GB, and then disk"
    )
    rate_limit: str = _setting(
        "",
        "requests that an address may make, such as 600/minute (second, minute, hour, day); empty: any number",
    )
    user_rate_limit: str = _setting(
        "", "the same for a user, by session and tokens together; empty: any number"
    )
    sign_in_rate_limit: str = _setting("10/minute", "attempts to sign in, for an address and for a name")
    trusted_proxies: int = _setting(
        0, "proxies before the API, whose X-Forwarded-For tells the address; 0: none, it is not looked at"
    )
    cursor_wait_seconds: float = _setting(
        2.0, "how long a process waits to catch up with a cursor before 503"
    )
    maintenance_seconds: float = _setting(
        60.0,
        "how often the table service is meant to run; the state of the API says where it did not; 0: never",
    )
    kafka_bootstrap_servers: str = _setting("", "addresses of the brokers; empty: the API knows no lag")
    kafka_security_protocol: str = _setting("PLAINTEXT", "PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL")
    kafka_sasl_mechanism: str = _setting("", "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512; empty: no SASL")
    kafka_sasl_username: str = _setting("", "SASL user")
    kafka_sasl_password: str = _setting("", "SASL password", secret=True)
    kafka_ssl_cafile: str = _setting("", "file of the certificates that are trusted, PEM")
    kafka_ssl_certfile: str = _setting("", "file of the client's certificate, PEM")
    kafka_ssl_keyfile: str = _setting("", "file of the client's key, PEM")
    tail_messages: int = _setting(
        10_000,
        "messages of each partition that an API process keeps from Kafka, to answer before gold has them; 0: none, "
        "answers come from gold alone and there is no WebSocket",
    )
    live_processes: int = _setting(1, "processes that serve the WebSocket, beside those for HTTP; 0: none")
    live_origins: str = _setting(
        "",
        "pages that may open the WebSocket beside the API's own, comma-separated, such as https://viewer.example; "
        "*: any",
    )
    live_clients: int = _setting(5_000, "clients of the WebSocket that a process takes; 0: any number")
    live_clients_of_address: int = _setting(100, "of them, those of one address; 0: any number")
    live_subscriptions: int = _setting(200, "pairs of channel and symbol that a client may follow")
    live_buffer_bytes: int = _setting(
        1024 * 1024, "what may wait for a client of the WebSocket that does not read before it is cut off"
    )
    live_recheck_seconds: float = _setting(
        30.0,
        "how often a client of closed histories is looked up again, which ends it with its token or session",
    )
    redis_url: str = _setting(
        "",
        "Redis through which the WebSocket's processes ring each other, such as redis://host:6379/0; "
        "empty: each by itself",
        secret=True,
    )
    spark_master: str = _setting("", "Spark master of the stream; empty: as many tasks as each command needs")
    lag_seconds: float = _setting(5.0, "how often the API asks Kafka for end offsets")
    metrics: str = _setting(
        "",
        "where processes give metrics to Prometheus, such as stream=127.0.0.1:9101,news=127.0.0.1:9102 (stream, "
        "ingest, analysis, news, prices, compaction); the API gives its own at /metrics, whatever is set here",
    )

    @staticmethod
    def from_environ(environ: Mapping[str, str]) -> "Settings":
        """Reads CRYPTOVIZ_*; an empty variable counts as absent. Raises SettingError, naming the variable."""
        values = {
            setting.name: _parse(setting, environ[variable_of(setting)])
            for setting in fields(Settings)
            if environ.get(variable_of(setting))
        }
        settings = Settings(**values)
        settings.lake_location()
        if not 0 <= settings.http_port <= 65535:
            raise SettingError(variable=f"{PREFIX}HTTP_PORT", problem="a port is between 0 and 65535")
        if _LIVE_URL.fullmatch(settings.live_url) is None:
            raise SettingError(
                variable=f"{PREFIX}LIVE_URL",
                problem="a page follows ws://host/path, wss://host/path or a path such as /ws/v1/flux",
            )
        if settings.log_format not in (LOG_LINES, LOG_JSON):
            raise SettingError(variable=f"{PREFIX}LOG_FORMAT", problem=f"it is {LOG_LINES} or {LOG_JSON}")
        if settings.log_level.upper() not in logging.getLevelNamesMapping():
            raise SettingError(variable=f"{PREFIX}LOG_LEVEL", problem="it is DEBUG, INFO, WARNING or ERROR")
        if not settings.live_recheck_seconds > 0:
            raise SettingError(
                variable=f"{PREFIX}LIVE_RECHECK_SECONDS", problem="a number of seconds beyond 0"
            )
        settings.retention_days()
        settings.metrics_addresses()
        for origin in filter(None, settings.cors_origins.split(",")):
            if _ORIGIN.fullmatch(origin.strip()) is None:
                raise SettingError(
                    variable=f"{PREFIX}CORS_ORIGINS", problem="an origin is https://host or http://host:port"
                )
        for name in ("rate_limit", "user_rate_limit", "sign_in_rate_limit"):
            if (rate := getattr(settings, name)) and _RATE.fullmatch(rate) is None:
                raise SettingError(
                    variable=f"{PREFIX}{name.upper()}",
                    problem="a rate is a whole number, / and second, minute, hour or day",
                )
        return settings

    def retention_days(self) -> Retention:
        """Days by table. Raises SettingError unless they can be kept together."""
        try:
            return Retention.parse(self.retention)
        except RetentionRuleError as error:
            raise SettingError(variable=f"{PREFIX}RETENTION", problem=str(error)) from error

    def metrics_addresses(self) -> Mapping[str, MetricsAddress]:
        """Address by process. Raises SettingError unless each part is a process that serves metrics and its address."""
        try:
            return parse_addresses(self.metrics)
        except ValueError as error:
            raise SettingError(variable=f"{PREFIX}METRICS", problem=str(error)) from error

    def query_limits(self) -> QueryLimits:
        return QueryLimits(
            n_at_once=self.heavy_queries,
            wait_seconds=self.heavy_wait_seconds,
            run_seconds=self.query_seconds,
            memory_bytes=self.query_memory_bytes,
        )

    def lake_location(self) -> LakeLocation:
        """Where the lake is. Raises SettingError unless the storage options are a JSON object of strings."""
        problem = f"{PREFIX}LAKE_STORAGE_OPTIONS"
        try:
            options = json.loads(self.lake_storage_options)
        except ValueError as error:
            raise SettingError(variable=problem, problem="it is not JSON") from error
        if not isinstance(options, dict) or not all(isinstance(value, str) for value in options.values()):
            raise SettingError(variable=problem, problem="it is not a JSON object of strings")
        return LakeLocation.parse(self.lake_uri or str(Path(self.runtime_dir) / "lake"), options)

    @property
    def host_names(self) -> list[str]:
        return [host.strip() for host in self.allowed_hosts.split(",")]

    @property
    def follows_kafka(self) -> bool:
        """Whether API processes keep a tail."""
        return bool(self.kafka_bootstrap_servers) and self.tail_messages > 0

    @property
    def socket_url(self) -> str:
        """The WebSocket that the viewer follows; empty where there is none."""
        return self.live_url or (SOCKET_PATH if self.follows_kafka and self.live_processes > 0 else "")

    def kafka_client_options(self) -> dict[str, Any]:
        """Keyword arguments for kafka-python's clients; only those that are set, none without brokers."""
        if not self.kafka_bootstrap_servers:
            return {}
        options: dict[str, Any] = {
            "bootstrap_servers": [server.strip() for server in self.kafka_bootstrap_servers.split(",")],
            "security_protocol": self.kafka_security_protocol,
            "sasl_mechanism": self.kafka_sasl_mechanism,
            "sasl_plain_username": self.kafka_sasl_username,
            "sasl_plain_password": self.kafka_sasl_password,
            "ssl_cafile": self.kafka_ssl_cafile,
            "ssl_certfile": self.kafka_ssl_certfile,
            "ssl_keyfile": self.kafka_ssl_keyfile,
        }
        return {name: value for name, value in options.items() if value}

    def signing_key(self) -> str:
        """The secret key; where none is set it is made once and kept in runtime_dir, by one of all processes."""
        if self.secret_key:
            return self.secret_key
        location = LakeLocation.parse(self.runtime_dir)
        location.to_path().mkdir(parents=True, exist_ok=True)
        if location.put_if_absent(_SECRET_FILE, secrets.token_urlsafe(_SECRET_BYTES).encode()):
            (location.to_path() / _SECRET_FILE).chmod(0o600)
        return (location.read(_SECRET_FILE) or b"").decode()


def variable_of(setting: "Field[Any]") -> str:
    return f"{PREFIX}{setting.name.upper()}"


def describe_settings() -> list[tuple[str, str, str, str]]:
    """(variable, type, default, meaning) of every setting, for the docs."""
    return [
        (
            variable_of(setting),
            _type_of(setting).__name__,
            _shown(setting.default),
            setting.metadata["meaning"],
        )
        for setting in fields(Settings)
    ]


def _shown(default: Any) -> str:
    return "" if default is MISSING else str(default)


def _type_of(setting: "Field[Any]") -> type:
    return type(setting.default)


def _parse(setting: "Field[Any]", text: str) -> Any:
    kind = _type_of(setting)
    try:
        if kind is bool:
            return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[
                text.lower()
            ]
        return kind(text)
    except (ValueError, KeyError) as error:
        shown = "it" if setting.metadata["secret"] else repr(text)
        accepted = "true or false" if kind is bool else f"of type {kind.__name__}"
        raise SettingError(variable=variable_of(setting), problem=f"{shown} is not {accepted}") from error
