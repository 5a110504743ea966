"""Publication of the aliases of assets and entities to the analysis: a version in the lake after a committed change."""

import logging
from collections.abc import Iterator
from typing import Any

from django.db import DatabaseError, transaction
from django.db.models.signals import post_delete, post_save
from obstore.exceptions import BaseError

from api.http.clock import now_us
from api.metadata.models import Asset, Entity
from api.process.lake import current_settings
from lakehouse.aliases.names import AssetNames, EntityNames, Names, shared_words
from lakehouse.aliases.versions import AliasVersion, in_words, publish_aliases
from lakehouse.errors import LakehouseError

logger = logging.getLogger(__name__)


def publish_after_changes() -> None:
    """Publish after each committed change of an asset or an entity from now on."""
    for signal in (post_save, post_delete):
        for model in (Asset, Entity):
            signal.connect(_publish_on_commit, sender=model, dispatch_uid=f"aliases of {model.__name__}")


def publish() -> AliasVersion | None:
    """Publish the aliases of the rows; return the version, None where the newest one has them. Idempotent.

    Disabled assets have aliases too: they are hidden from people, and texts still name them. Raises
    DatabaseError, LakehouseError, and OSError or obstore's BaseError where the lake cannot be written.
    """
    version = publish_aliases(current_settings().lake_location(), _read_names, now_us)
    if version is not None:
        logger.info("aliases published %s", in_words(version))
        for word, claimants in shared_words((*version.assets, *version.entities)).items():
            logger.warning("alias of several word=%s claimants=%s", word, ",".join(claimants))
    return version


def try_publish() -> None:
    """Publish, or log why not: the row stays changed, and the next change or start tries again."""
    try:
        publish()
    except (DatabaseError, LakehouseError, OSError, BaseError) as error:
        logger.error("aliases not published, the analysis keeps those before reason=%s", error)


def _publish_on_commit(sender: Any, using: str, **_: Any) -> None:
    transaction.on_commit(try_publish, using=using)


def _read_names() -> Iterator[Names]:
    for symbol, kinds in Asset.objects.order_by("symbol").values_list("symbol", "aliases"):
        yield AssetNames.parse(symbol, kinds)
    for name, asset, kinds in Entity.objects.order_by("name").values_list("name", "asset", "aliases"):
        yield EntityNames.parse(name, asset or None, kinds)
