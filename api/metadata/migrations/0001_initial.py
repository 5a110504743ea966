"""Assets, sources, saved views and configuration."""

import re
import uuid
from typing import ClassVar

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.migrations.operations.base import Operation

import api.metadata.models.asset
import api.metadata.view_parameters


class Migration(migrations.Migration):
    initial = True

    dependencies: ClassVar[list[tuple[str, str]]] = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations: ClassVar[list[Operation]] = [
        migrations.CreateModel(
            name="Asset",
            fields=[
                ("version", models.PositiveIntegerField(default=0, editable=False)),
                ("changed_time", models.DateTimeField(auto_now=True)),
                (
                    "symbol",
                    models.CharField(
                        max_length=20,
                        primary_key=True,
                        serialize=False,
                        validators=[
                            django.core.validators.RegexValidator(
                                re.compile("\\A[a-z0-9]{1,20}\\Z"), "lower-case letters and digits"
                            )
                        ],
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                (
                    "aliases",
                    models.JSONField(
                        blank=True, default=dict, validators=[api.metadata.models.asset.validate_aliases]
                    ),
                ),
                ("enabled", models.BooleanField(default=True)),
                ("display_order", models.PositiveSmallIntegerField(default=1000)),
                (
                    "colour",
                    models.CharField(
                        blank=True,
                        default="",
                        max_length=7,
                        validators=[
                            django.core.validators.RegexValidator(
                                re.compile("\\A#[0-9a-f]{6}\\Z"), "such as #f7931a"
                            )
                        ],
                    ),
                ),
            ],
            options={
                "ordering": ("display_order", "symbol"),
            },
        ),
        migrations.CreateModel(
            name="ConfigurationEntry",
            fields=[
                ("version", models.PositiveIntegerField(default=0, editable=False)),
                ("changed_time", models.DateTimeField(auto_now=True)),
                ("name", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("value", models.JSONField()),
            ],
            options={
                "verbose_name_plural": "configuration",
                "ordering": ("name",),
            },
        ),
        migrations.CreateModel(
            name="Source",
            fields=[
                ("version", models.PositiveIntegerField(default=0, editable=False)),
                ("changed_time", models.DateTimeField(auto_now=True)),
                (
                    "name",
                    models.CharField(
                        max_length=64,
                        primary_key=True,
                        serialize=False,
                        validators=[
                            django.core.validators.RegexValidator(
                                re.compile("\\A[a-z0-9][a-z0-9_-]{0,63}\\Z"), "such as coindesk"
                            )
                        ],
                    ),
                ),
                ("kind", models.CharField(choices=[("news", "News"), ("market", "Market")], max_length=10)),
                ("title", models.CharField(max_length=120)),
                ("url", models.URLField(blank=True, default="", max_length=500)),
                (
                    "language",
                    models.CharField(
                        blank=True,
                        default="",
                        max_length=2,
                        validators=[
                            django.core.validators.RegexValidator(
                                re.compile("\\A[a-z]{2}\\Z"), "two letters of ISO 639-1"
                            )
                        ],
                    ),
                ),
                ("enabled", models.BooleanField(default=True)),
            ],
            options={
                "ordering": ("name",),
            },
        ),
        migrations.CreateModel(
            name="ConfigurationChange",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=40)),
                ("version", models.PositiveIntegerField()),
                ("old_value", models.JSONField(null=True)),
                ("new_value", models.JSONField(null=True)),
                ("changed_time", models.DateTimeField(auto_now_add=True)),
                ("changed_by", models.CharField(max_length=150)),
                (
                    "user",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("-id",),
                "constraints": [
                    models.UniqueConstraint(fields=("name", "version"), name="one_change_a_version")
                ],
            },
        ),
        migrations.CreateModel(
            name="SavedView",
            fields=[
                ("version", models.PositiveIntegerField(default=0, editable=False)),
                ("changed_time", models.DateTimeField(auto_now=True)),
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("name", models.CharField(max_length=80)),
                (
                    "parameters",
                    models.JSONField(validators=[api.metadata.view_parameters.validate_parameters]),
                ),
                ("link", models.CharField(editable=False, max_length=32, null=True, unique=True)),
                ("created_time", models.DateTimeField(auto_now_add=True)),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="saved_views",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("id",),
                "constraints": [models.UniqueConstraint(fields=("owner", "name"), name="view_name_of_owner")],
            },
        ),
    ]
