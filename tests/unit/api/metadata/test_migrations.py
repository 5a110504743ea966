"""Migrations forwards and backwards, and nothing that they forgot."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]


def manage(runtime_dir: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={"CRYPTOVIZ_RUNTIME_DIR": str(runtime_dir), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


COUNT = (
    "from api.metadata.models import Asset, Source, ConfigurationEntry as E; "
    "print(Asset.objects.count(), Source.objects.count(), E.objects.count(), Asset.objects.get(pk='btc').name)"
)


def test_models_are_what_the_migrations_make(tmp_path: Path) -> None:
    manage(tmp_path, "makemigrations", "--check", "--dry-run")


def test_back_to_nothing_and_forward_again(tmp_path: Path) -> None:
    manage(tmp_path, "migrate")
    assert manage(tmp_path, "shell", "--no-imports", "-c", COUNT).split() == ["14", "14", "3", "Bitcoin"]
    for app in ("metadata", "access", "maintenance"):
        manage(tmp_path, "migrate", app, "zero")
    manage(tmp_path, "migrate")
    assert manage(tmp_path, "shell", "--no-imports", "-c", COUNT).split() == ["14", "14", "3", "Bitcoin"]


def test_seed_leaves_what_people_changed(tmp_path: Path) -> None:
    manage(tmp_path, "migrate")
    rename = (
        "from api.metadata.models import Asset; a = Asset.objects.get(pk='btc'); a.name = 'Mine'; a.save()"
    )
    manage(tmp_path, "shell", "--no-imports", "-c", rename)
    manage(tmp_path, "migrate", "metadata", "0001")
    manage(tmp_path, "migrate")
    assert manage(tmp_path, "shell", "--no-imports", "-c", COUNT).split() == ["14", "14", "3", "Mine"]
