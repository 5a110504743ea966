"""Every setting of every program, defined once: its variable, type, default and meaning."""

import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self

from pydantic import model_validator

from lakehouse.delta.storage import LakeLocation
from lakehouse.engine.limits import QueryLimits
from lakehouse.errors import SettingError, StorageError
from lakehouse.process.environment import PREFIX, SettingsGroup, describe, refuse_unknown_variables, setting
from lakehouse.process.kafka_settings import KafkaSettings
from lakehouse.process.metrics import MetricsAddress, parse_addresses
from lakehouse.process.origins import parse_hosts
from lakehouse.process.private_files import PRIVATE_UMASK
from lakehouse.process.retention import Retention
from lakehouse.process.setting_types import (
    Count,
    CountOrNone,
    DatabaseUrl,
    Folder,
    Hosts,
    LakeUri,
    ListeningHost,
    LiveUrl,
    LogLevel,
    MarketsFile,
    MetricsText,
    Origins,
    Port,
    Processes,
    ProcessesOrNone,
    Rate,
    RedisUrl,
    RetentionText,
    Seconds,
    SecondsOrNone,
    Share,
    SparkMaster,
    StorageOptions,
    Umask,
    expand_home,
)
from lakehouse.series.market_file import read_market_file
from lakehouse.series.markets import DEFAULT_RULES, MarketRules

LOG_LINES, LOG_JSON = "lines", "json"
SOCKET_PATH = "/ws/v1/flux"
_SECRET_FILE = "secret_key"
_SECRET_BYTES = 48


class Settings(SettingsGroup):
    """The values that an entry point hands on. A field's variable is CRYPTOVIZ_ and its name in capitals."""

    runtime_dir: Folder = setting(
        Path(".runtime"), "folder of everything that a run leaves behind: lake, metadata, keys"
    )
    umask: Umask = setting(
        PRIVATE_UMASK,
        "permissions that files made by a program do not have; 027 lets its group read lake and metadata, 077 nobody",
    )
    lake_uri: LakeUri = setting("", "path or URI of the lake; empty: the folder lake in runtime_dir")
    lake_storage_options: StorageOptions = setting(
        "{}", "options of the lake's storage, as a JSON object of strings", secret=True
    )
    retention: RetentionText = setting(
        "", "days that tables keep, such as bronze=30,gold_price=121; one that is not named keeps everything"
    )
    markets_file: MarketsFile = setting(
        "",
        "TOML file of the markets that go first and of symbols that became another asset; the same for every program; "
        "empty: none",
    )
    e5_model_file: str = setting(
        "",
        "path of e5-small-q4.bin, which the semantic scorer reads; empty: where the extra [semantic] installed it",
    )
    sentiment_unsure_below: Share = setting(
        0.0,
        "probability of the likeliest label below which a sentiment is `unsure` and has no score; 0: never",
    )
    http_host: ListeningHost = setting("127.0.0.1", "address that the API listens on")
    http_port: Port = setting(8000, "port that the API listens on; 0: any free one")
    http_workers: Processes = setting(2, "processes that answer HTTP")
    http_threads: Processes = setting(8, "threads of each of them")
    http_request_seconds: Seconds = setting(10.0, "within how long a client must have sent a whole request")
    http_piece_seconds: Seconds = setting(
        60.0, "within how long a piece of an answer must be made and taken; a stream has many pieces"
    )
    live_url: LiveUrl = setting(
        "",
        "WebSocket that the viewer follows: ws://host/path, wss://, or a path; empty: the API's own where it serves "
        "one, else the viewer asks every 2 s",
    )
    allowed_hosts: Hosts = setting(
        "*", "host names that the API answers to, comma-separated, such as viz.example; *: any"
    )
    secret_key: str = setting(
        "",
        "key that signs cursors and sessions; empty: made once in runtime_dir; the same on all machines",
        secret=True,
    )
    production: bool = setting(
        False,
        "whether this is for others: behind TLS, with a secret key and host names of its own; the API refuses to start "
        "where that is not so",
    )
    debug: bool = setting(False, "whether pages of people show errors in full; refused in production")
    database_url: DatabaseUrl = setting(
        "",
        "PostgreSQL of the metadata, postgresql://user:password@host:5432/name?sslmode=require; "
        "empty: SQLite, metadata.sqlite3 in runtime_dir",
        secret=True,
    )
    history_open: bool = setting(
        True,
        "whether anybody may read histories, assets, the state and the WebSocket; no: whoever signs in or has a token",
    )
    cors_origins: Origins = setting(
        "",
        "pages that may read the API beside its own, comma-separated, such as https://viewer.example; with tokens, "
        "never with sessions; *: any, but in production",
    )
    log_level: LogLevel = setting("INFO", "least level that is logged")
    log_format: Literal["lines", "json"] = setting(
        LOG_LINES,
        "lines: a line of text with key=value pairs; json: an object a line (time, level, logger, message, fields)",
    )
    columns_budget_bytes: CountOrNone = setting(
        256 * 1024 * 1024, "memory of an API process for recent days kept as columns; 0: none"
    )
    answers_budget_bytes: CountOrNone = setting(
        16 * 1024 * 1024, "memory of an API process for answers that nothing has changed since; 0: none"
    )
    heavy_queries: CountOrNone = setting(
        4, "statements that an API process runs on files at once; more wait, then get 503; 0: any number"
    )
    heavy_wait_seconds: SecondsOrNone = setting(2.0, "how long one more of them waits")
    query_seconds: SecondsOrNone = setting(15.0, "after how long a statement on files is stopped; 0: never")
    query_memory_bytes: CountOrNone = setting(
        1024 * 1024 * 1024, "memory of an API process for statements on files; 0: 2 GB, and then disk"
    )
    rate_limit: Rate = setting(
        "",
        "requests that an address may make, such as 600/minute (second, minute, hour, day); empty: any number",
    )
    user_rate_limit: Rate = setting(
        "", "the same for a user, by session and tokens together; empty: any number"
    )
    sign_in_rate_limit: Rate = setting("10/minute", "attempts to sign in, for an address and for a name")
    trusted_proxies: CountOrNone = setting(
        0, "proxies before the API, whose X-Forwarded-For tells the address; 0: none, it is not looked at"
    )
    cursor_wait_seconds: SecondsOrNone = setting(
        2.0, "how long a process waits to catch up with a cursor before 503"
    )
    maintenance_seconds: SecondsOrNone = setting(
        60.0,
        "how often the table service is meant to run; the state of the API says where it did not; 0: never",
    )
    tail_messages: CountOrNone = setting(
        10_000,
        "messages of each partition that an API process keeps from Kafka, to answer before gold has them; 0: none, "
        "answers come from gold alone and there is no WebSocket",
    )
    live_processes: ProcessesOrNone = setting(
        1, "processes that serve the WebSocket, beside those for HTTP; 0: none"
    )
    live_origins: Origins = setting(
        "",
        "pages that may open the WebSocket beside the API's own, comma-separated, such as https://viewer.example; "
        "*: any, but in production",
    )
    live_clients: CountOrNone = setting(5_000, "clients of the WebSocket that a process takes; 0: any number")
    live_clients_of_address: CountOrNone = setting(100, "of them, those of one address; 0: any number")
    live_subscriptions: Count = setting(200, "pairs of channel and symbol that a client may follow")
    live_buffer_bytes: Count = setting(
        1024 * 1024, "what may wait for a client of the WebSocket that does not read before it is cut off"
    )
    live_recheck_seconds: Seconds = setting(
        30.0,
        "how often a client of closed histories is looked up again, which ends it with its token or session",
    )
    redis_url: RedisUrl = setting(
        "",
        "Redis through which the WebSocket's processes ring each other, such as redis://host:6379/0; "
        "empty: each by itself",
        secret=True,
    )
    spark_master: SparkMaster = setting(
        "", "Spark master of the stream; empty: as many tasks as each command needs"
    )
    lag_seconds: Seconds = setting(5.0, "how often the API asks Kafka for end offsets")
    metrics: MetricsText = setting(
        "",
        "where processes give metrics to Prometheus, such as stream=127.0.0.1:9101,news=127.0.0.1:9102 (stream, "
        "ingest, analysis, news, prices, compaction); the API gives its own at /metrics, whatever is set here",
    )
    kafka: KafkaSettings = KafkaSettings()

    @model_validator(mode="after")
    def _validate_storage(self) -> Self:
        """Check the options of a lake that is not a folder. Raises: SettingError."""
        try:
            self.lake_location().check()
        except StorageError as error:
            problem = f"nothing opens {error.uri} with it: {error.problem}"
            raise SettingError(variable=f"{PREFIX}LAKE_STORAGE_OPTIONS", problem=problem) from error
        return self

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Settings":
        """Return the settings of CRYPTOVIZ_*; an empty variable counts as absent.

        Raises: SettingError, naming the variable, what was wrong and what is accepted; also for a misspelt variable.
        """
        refuse_unknown_variables(environ, _GROUPS)
        return cls.read(environ, kafka=KafkaSettings.read(environ))

    def retention_days(self) -> Retention:
        """Return the days that each table keeps."""
        return Retention.parse(self.retention)

    def market_rules(self) -> MarketRules:
        """Return what the file of markets says, or the built-in rules. Raises: MarketFileError."""
        return read_market_file(expand_home(Path(self.markets_file))) if self.markets_file else DEFAULT_RULES

    def metrics_addresses(self) -> Mapping[str, MetricsAddress]:
        """Return the address at which each process serves metrics."""
        return parse_addresses(self.metrics)

    def query_limits(self) -> QueryLimits:
        """Return what statements of an API process may use."""
        return QueryLimits(
            n_at_once=self.heavy_queries,
            wait_seconds=self.heavy_wait_seconds,
            run_seconds=self.query_seconds,
            memory_bytes=self.query_memory_bytes,
        )

    def lake_location(self) -> LakeLocation:
        """Return where the lake is: `lake_uri`, else the folder lake in `runtime_dir`."""
        return LakeLocation.parse(
            self.lake_uri or str(self.runtime_dir / "lake"), json.loads(self.lake_storage_options)
        )

    def with_lake(self, uri: str) -> "Settings":
        """Return these settings with the lake that a command line names; an empty `uri` changes nothing."""
        return self.model_copy(update={"lake_uri": uri}) if uri else self

    @property
    def broker_dir(self) -> Path:
        return self.runtime_dir / "broker"

    @property
    def ingest_checkpoints_dir(self) -> Path:
        return self.runtime_dir / "checkpoints" / "ingest"

    @property
    def analysis_checkpoints_dir(self) -> Path:
        return self.runtime_dir / "checkpoints" / "analysis"

    @property
    def vectors_dir(self) -> Path:
        """Where vectors of texts are cached."""
        return self.runtime_dir / "vectors"

    @property
    def collect_dir(self) -> Path:
        return self.runtime_dir / "collect"

    @property
    def offline_dir(self) -> Path:
        return self.runtime_dir / "offline"

    @property
    def host_names(self) -> list[str]:
        """The names that the API answers to."""
        return list(parse_hosts(self.allowed_hosts))

    @property
    def follows_kafka(self) -> bool:
        """True if API processes keep a tail."""
        return self.kafka.is_named and self.tail_messages > 0

    @property
    def socket_url(self) -> str:
        """The WebSocket that the viewer follows; empty where there is none."""
        return self.live_url or (SOCKET_PATH if self.follows_kafka and self.live_processes > 0 else "")

    def signing_key(self) -> str:
        """Return the secret key; where none is set, one process of all makes it once, in `runtime_dir`."""
        if self.secret_key:
            return self.secret_key
        location = LakeLocation.parse(str(self.runtime_dir))
        location.to_path().mkdir(parents=True, exist_ok=True)
        if location.put_if_absent(_SECRET_FILE, secrets.token_urlsafe(_SECRET_BYTES).encode()):
            (location.to_path() / _SECRET_FILE).chmod(0o600)
        return (location.read(_SECRET_FILE) or b"").decode()


_GROUPS = (Settings, KafkaSettings)


def describe_settings() -> list[tuple[str, str, str, str]]:
    """Return (variable, type, default, meaning) of every setting, for the docs."""
    return list(describe(_GROUPS))
