"""Rows of each model, and the superuser's client."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from api.access.models import create_token
from api.maintenance.models import MaintenanceRun
from api.metadata import configuration
from api.metadata.models import Asset, ConfigurationChange, ConfigurationEntry, Entity, SavedView, Source
from tests.support.admin_pages import HOSTILE, client_of
from tests.support.lake_builder import build_lake


@pytest.fixture
def rows(people: dict[str, Any], tmp_path: Path, api_of: Callable[[Path], Any]) -> dict[str, Any]:
    """Return {label: row} with hostile text where users may write, and the text of ann's token."""
    build_lake(tmp_path, sentiment=[{}])
    api_of(tmp_path)
    entry = ConfigurationEntry.objects.get(name="notice")
    configuration.set_value(entry, HOSTILE, user=people["staff"])
    token, text = create_token(
        owner=people["ann"],
        name=HOSTILE,
        scopes=["views:read"],
        expires_time=timezone.now() + timedelta(days=1),
    )
    Asset.objects.filter(pk="btc").update(name=HOSTILE)
    return {
        "access.apitoken": token,
        "auth.group": Group.objects.create(name=HOSTILE),
        "auth.user": people["ann"],
        "maintenance.maintenancerun": MaintenanceRun.objects.create(
            run_id="20260101T000000Z-1",
            lake_uri=str(tmp_path),
            command="run",
            host=HOSTILE,
            pid=1,
            started_time=timezone.now() - timedelta(seconds=9),
            ended_time=timezone.now(),
            exit_code=1,
            error=f"OSError: {HOSTILE}",
            figures={"files": 3},
        ),
        "metadata.asset": Asset.objects.get(pk="btc"),
        "metadata.configurationchange": ConfigurationChange.objects.get(),
        "metadata.configurationentry": entry,
        "metadata.savedview": SavedView.objects.create(
            owner=people["ann"], name="hers", parameters={"symbol": "eth"}
        ),
        "metadata.entity": Entity.objects.first(),
        "metadata.source": Source.objects.first(),
        "text": text,
    }


@pytest.fixture
def superuser(people: dict[str, Any]) -> Client:
    return client_of(people["staff"])
