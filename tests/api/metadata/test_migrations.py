"""Migrations forwards and backwards, and nothing that they forgot."""

from pathlib import Path

from tests.support.manage_command import manage, run_code

COUNT = (
    "from api.metadata.models import Asset, ConfigurationEntry as E, Entity, Source; "
    "print(Asset.objects.count(), Entity.objects.count(), "
    "Source.objects.count(), E.objects.count(), Asset.objects.get(pk='btc').name)"
)


def test_models_are_what_the_migrations_make(tmp_path: Path) -> None:
    manage(tmp_path, "makemigrations", "--check", "--dry-run")


def test_back_to_nothing_and_forward_again(tmp_path: Path) -> None:
    manage(tmp_path, "migrate")
    assert run_code(tmp_path, COUNT).split() == ["124", "283", "14", "3", "Bitcoin"]
    for app in ("metadata", "access", "maintenance"):
        manage(tmp_path, "migrate", app, "zero")
    manage(tmp_path, "migrate")
    assert run_code(tmp_path, COUNT).split() == ["124", "283", "14", "3", "Bitcoin"]


def test_seed_leaves_what_people_changed(tmp_path: Path) -> None:
    manage(tmp_path, "migrate")
    rename = (
        "from api.metadata.models import Asset; a = Asset.objects.get(pk='btc'); a.name = 'Mine'; a.save()"
    )
    run_code(tmp_path, rename)
    manage(tmp_path, "migrate", "metadata", "0001")
    manage(tmp_path, "migrate")
    assert run_code(tmp_path, COUNT).split() == ["124", "283", "14", "3", "Mine"]
