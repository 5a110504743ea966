"""Types of settings: numbers with bounds, and texts that are validated when they are read."""

import json
import logging
import os
import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from lakehouse.errors import MarketFileError, RetentionRuleError
from lakehouse.process.metrics import parse_addresses
from lakehouse.process.origins import parse_hosts, parse_origins
from lakehouse.process.private_files import UMASK_PATTERN
from lakehouse.process.retention import Retention
from lakehouse.process.service_addresses import (
    check_database_url,
    check_lake_uri,
    check_listening_host,
    check_live_url,
    check_redis_url,
    check_spark_master,
)
from lakehouse.series.market_file import read_market_file

MAX_COUNT = 2**53
MAX_PROCESSES = 1_000
"""Of processes and of threads: each is started, whether or not the machine can carry it."""
MAX_SECONDS = 366 * 86_400.0
_RATE = re.compile(r"[1-9][0-9]{0,8}/(second|minute|hour|day)", re.ASCII)


def expand_home(path: Path) -> Path:
    """Return a path with a user's home for its `~`; that of nobody stays as it is, as in a shell."""
    return Path(os.path.expanduser(path))


def _validate_storage_options(text: str) -> str:
    try:
        options = json.loads(text)
    except ValueError:
        raise ValueError("it is not JSON; accepted: a JSON object of strings") from None
    if not isinstance(options, dict) or not all(isinstance(value, str) for value in options.values()):
        raise ValueError("it is not a JSON object of strings")
    return text


def _validate_log_level(level: str) -> str:
    if level.upper() not in logging.getLevelNamesMapping():
        raise ValueError(f"{level!r} is not DEBUG, INFO, WARNING or ERROR")
    return level.upper()


def _validate_umask(text: str) -> str:
    if UMASK_PATTERN.fullmatch(text) is None:
        raise ValueError(f"{text!r} is not three octal digits such as 077 or 027")
    return text


def _validate_origins(text: str) -> str:
    return ",".join(parse_origins(text))


def _validate_hosts(text: str) -> str:
    return ",".join(parse_hosts(text))


def _validate_rate(rate: str) -> str:
    if rate and _RATE.fullmatch(rate) is None:
        raise ValueError(f"{rate!r} is not a whole number, / and second, minute, hour or day")
    return rate


def _validate_retention(text: str) -> str:
    try:
        Retention.parse(text)
    except RetentionRuleError as error:
        raise ValueError(str(error)) from error
    return text


def _validate_markets_file(text: str) -> str:
    try:
        if text:
            read_market_file(expand_home(Path(text)))
    except MarketFileError as error:
        raise ValueError(str(error)) from error
    return text


def _validate_metrics(text: str) -> str:
    parse_addresses(text)
    return text


Port = Annotated[int, Field(ge=0, le=65_535)]
Count = Annotated[int, Field(ge=1, le=MAX_COUNT)]
CountOrNone = Annotated[int, Field(ge=0, le=MAX_COUNT)]
"""0 means none or any number, as the setting's description says."""
Processes = Annotated[int, Field(ge=1, le=MAX_PROCESSES)]
ProcessesOrNone = Annotated[int, Field(ge=0, le=MAX_PROCESSES)]
Seconds = Annotated[float, Field(gt=0, le=MAX_SECONDS)]
SecondsOrNone = Annotated[float, Field(ge=0, le=MAX_SECONDS)]
Share = Annotated[float, Field(ge=0, le=1)]
Folder = Annotated[Path, AfterValidator(expand_home)]
StorageOptions = Annotated[str, AfterValidator(_validate_storage_options)]
LakeUri = Annotated[str, AfterValidator(check_lake_uri)]
ListeningHost = Annotated[str, AfterValidator(check_listening_host)]
LiveUrl = Annotated[str, AfterValidator(check_live_url)]
DatabaseUrl = Annotated[str, AfterValidator(check_database_url)]
RedisUrl = Annotated[str, AfterValidator(check_redis_url)]
SparkMaster = Annotated[str, AfterValidator(check_spark_master)]
Umask = Annotated[str, AfterValidator(_validate_umask)]
LogLevel = Annotated[str, AfterValidator(_validate_log_level)]
Origins = Annotated[str, AfterValidator(_validate_origins)]
Hosts = Annotated[str, AfterValidator(_validate_hosts)]
Rate = Annotated[str, AfterValidator(_validate_rate)]
RetentionText = Annotated[str, AfterValidator(_validate_retention)]
MarketsFile = Annotated[str, AfterValidator(_validate_markets_file)]
MetricsText = Annotated[str, AfterValidator(_validate_metrics)]
