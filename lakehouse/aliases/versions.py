"""Versions of the names of assets and entities: numbered documents in a lake, each with the instant of its effect.

The API writes them, the analysis reads them. A text is searched with the version that counts at its broker time,
whenever it is analysed: so a batch that is repeated after a crash says the same, and so does all of Kafka read again.
For that a version is written ``LEAD_US`` before it counts: it is there before a text that it is for.
"""

import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any, Literal

import msgspec

from lakehouse.aliases.names import MAX_ASSETS, AssetNames, EntityNames, Names, claim_order, fingerprint_of
from lakehouse.aliases.seed import SEED, SEED_ENTITIES
from lakehouse.delta.numbered_documents import DocumentFollower, NumberedDocuments, retry_taken_numbers
from lakehouse.delta.storage import LakeLocation
from lakehouse.errors import AliasError, LakehouseError
from lakehouse.time_range import SECOND_US, format_us, to_us

logger = logging.getLogger(__name__)

LEAD_US = 5 * SECOND_US
"""More than the clocks of API and brokers may differ by, and a small file may take to be written."""

FOLDER = "_catalog/aliases"
_FORMAT = 1


class _Entity(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    names: dict[str, Any]
    asset: str | None = None


class _Document(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    v: Literal[1]
    effective_time: Annotated[datetime, msgspec.Meta(tz=True)]
    fingerprint: str
    assets: dict[str, Any]
    entities: dict[str, _Entity] = {}


@dataclass(frozen=True, eq=False)
class AliasVersion:
    """Names that texts of broker times from ``effective_us`` on are searched for. Number 0 is in the code."""

    number: int
    effective_us: int
    assets: tuple[AssetNames, ...]
    entities: tuple[EntityNames, ...] = ()

    @cached_property
    def fingerprint(self) -> str:
        """Hash of its names."""
        return fingerprint_of(self.assets, self.entities)


SEED_VERSION = AliasVersion(0, 0, SEED, tuple(entity.names for entity in SEED_ENTITIES))


@dataclass(frozen=True, slots=True, eq=False)
class AliasHistory:
    """Versions by number, ascending; before the first of them the seed counts."""

    versions: tuple[AliasVersion, ...] = ()

    def at(self, time_us: int) -> AliasVersion:
        """Return the version of the highest number that counts at an instant."""
        for version in reversed(self.versions):
            if version.effective_us <= time_us:
                return version
        return SEED_VERSION

    @property
    def newest(self) -> AliasVersion:
        """Version of the highest number."""
        return self.versions[-1] if self.versions else SEED_VERSION


SEED_ALONE = AliasHistory()


class AliasReader:
    """Follows the versions of a lake; a file is read once in its life. Not thread-safe."""

    def __init__(self, location: LakeLocation) -> None:
        self.documents = NumberedDocuments(location, FOLDER)
        self._follower = DocumentFollower(
            self.documents,
            parse=lambda number, content, _: parse_version(number, content),
            refusal=AliasError,
            refuse=_log_refusal,
        )
        self._history = SEED_ALONE

    def refresh(self) -> AliasHistory:
        """Return all versions that are there by now. A malformed one counts as absent, and is logged once.

        Raises OSError or an error of the storage where it cannot be read: no text is analysed then.
        """
        versions = self._follower.refresh()
        if versions is not self._history.versions:
            self._history = AliasHistory(versions)
        return self._history


def _log_refusal(name: str, error: LakehouseError, known: Sequence[AliasVersion]) -> None:
    current = known[-1] if known else SEED_VERSION
    logger.error(
        "aliases refused, those before stay file=%s current=%d fingerprint=%s problem=%s",
        name,
        current.number,
        current.fingerprint,
        error,
    )


def parse_version(number: int, content: bytes) -> AliasVersion:
    """Return the version that a file holds. Raises AliasError, and nothing else, for malformed content."""
    if number < 1:
        raise AliasError("its name is not a number of at least six digits")
    try:
        document = msgspec.json.decode(content, type=_Document)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise AliasError(str(error)) from error
    for what, named in (("assets", document.assets), ("entities", document.entities)):
        if len(named) > MAX_ASSETS:
            raise AliasError(f"{len(named)} {what}, of {MAX_ASSETS} at most")
    assets = tuple(AssetNames.parse(symbol, kinds) for symbol, kinds in document.assets.items())
    entities = tuple(
        EntityNames.parse(name, entity.asset, entity.names) for name, entity in document.entities.items()
    )
    version = AliasVersion(number, to_us(document.effective_time), assets, entities)
    if version.fingerprint != document.fingerprint:
        raise AliasError(f"it says {document.fingerprint[:30]!r} and holds {version.fingerprint}")
    return version


def publish_aliases(
    location: LakeLocation, read_names: Callable[[], Iterable[Names]], now_us: Callable[[], int]
) -> AliasVersion | None:
    """Make what ``read_names`` gives the newest version; None where it is that already. Idempotent.

    Of several that publish at once one adds a number, and the others read again: the last version is what is last
    read, never something older. Raises AliasError where a document cannot hold it, PositionConflictError.
    """
    reader = AliasReader(location)
    return retry_taken_numbers()(_try_publish, reader, read_names, now_us)


def _try_publish(
    reader: AliasReader,
    read_names: Callable[[], Iterable[Names]],
    now_us: Callable[[], int],
) -> AliasVersion | None:
    newest = reader.refresh().newest
    names = claim_order(read_names())
    version = AliasVersion(
        reader.documents.last_number + 1,
        now_us() + LEAD_US,
        tuple(each for each in names if isinstance(each, AssetNames)),
        tuple(each for each in names if isinstance(each, EntityNames)),
    )
    if version.fingerprint == newest.fingerprint:
        return None
    content = _to_content(version)
    parse_version(version.number, content)
    reader.documents.add(version.number, content)
    if now_us() > version.effective_us:
        logger.warning("aliases were written later than they count from %s", in_words(version))
    return version


def in_words(version: AliasVersion) -> str:
    """Return ``version=3 fingerprint=1f3e5a77 assets=15 entities=2 from=2026-01-31T09:30:00Z``."""
    return (
        f"version={version.number} fingerprint={version.fingerprint} assets={len(version.assets)} "
        f"entities={len(version.entities)} from={format_us(version.effective_us)}"
    )


def _to_content(version: AliasVersion) -> bytes:
    document: Mapping[str, Any] = {
        "v": _FORMAT,
        "effective_time": format_us(version.effective_us),
        "fingerprint": version.fingerprint,
        "assets": {asset.symbol: asset.to_kinds() for asset in version.assets},
        "entities": {
            entity.name: {"names": entity.to_kinds(), "asset": entity.asset} for entity in version.entities
        },
    }
    return json.dumps(document, ensure_ascii=False, indent=1).encode()
