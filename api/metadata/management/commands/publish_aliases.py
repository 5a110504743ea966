"""`manage.py publish_aliases`: publish the assets' aliases, where a change could not."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from api.metadata.aliases import publish
from lakehouse.aliases.versions import in_words
from lakehouse.errors import LakehouseError


class Command(BaseCommand):
    help = "Publish the aliases of the assets as the newest version in the lake, which the analysis reads. Idempotent."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            version = publish()
        except (DatabaseError, LakehouseError, OSError) as error:
            raise CommandError(f"aliases not published: {error}") from error
        result = "the newest version has these already" if version is None else in_words(version)
        self.stdout.write(f"aliases: {result}")
