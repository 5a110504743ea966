"""The document that is served: linters find nothing in it, and clients generated of it work against the API."""

import compileall
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lakehouse.derived.score_refresh import refresh_scores
from lakehouse.lake import Lake
from setup.openapi_tools import INSTALLED, LOCKS
from tests.support.api_process import ApiProcess, running_api
from tests.support.lake_builder import NOON, build_lake
from tests.support.users import make_people, signed_in

BIN = Path(sys.executable).parent
ANSWERED = {
    "counts": [2, 1],
    "complete": [True, True],
    "predicted": [101.0, 101.0],
    "refused": [400, "periode"],
    "unknown": [404, "a symbol that /api/v1/actifs lists; did you mean btc?"],
    "closed": [401, "Unauthorized"],
    "views": ["renamed"],
    "changed": "renamed",
    "symbols": ["btc", "eth"],
    "windows": ["24h", "7d", "30d"],
    "skill": [],
}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiProcess]:
    folder = tmp_path_factory.mktemp("clients")
    times = [NOON, NOON + timedelta(minutes=5), NOON + timedelta(hours=1)]
    builder = build_lake(
        folder / "lake",
        sentiment=[*({"event_time": time} for time in times), {"symbol": "eth"}],
        prediction=[{"made_at": time, "target_time": time + timedelta(hours=1)} for time in times[:2]],
        price=[{"event_time": time + timedelta(minutes=n)} for time in times for n in range(2)],
    )
    refresh_scores(Lake(builder.location))
    with running_api(lake=folder / "lake", runtime_dir=folder / "runtime") as server:
        make_people(folder / "runtime", staff=("staff", "other"))
        yield server


@pytest.fixture(scope="module")
def document(api: ApiProcess, tmp_path_factory: pytest.TempPathFactory) -> Path:
    assert INSTALLED.is_dir(), "`make test` installs the linters and generators"
    path = tmp_path_factory.mktemp("document") / "openapi.json"
    path.write_text(json.dumps(api.get("/api/v1/schema")[2]))
    return path


def run(command: Sequence[str | Path], folder: Path, **environ: str) -> str:
    """Run a tool to its end, and return its output. The Node of the wheel comes before any other."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env=os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"} | environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
    return done.stdout


def tool(name: str) -> Path:
    return INSTALLED / "node_modules" / ".bin" / name


def test_redocly_finds_nothing(document: Path) -> None:
    off = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
    output = run([tool("redocly"), "lint", "--format=json", document], document.parent, **off)
    totals = json.loads(output[output.index("{") : output.rindex("}") + 1])["totals"]
    assert totals == {"errors": 0, "warnings": 0, "ignored": 0}


def test_spectral_finds_nothing(document: Path) -> None:
    found = document.with_name("spectral.json")
    options = [
        "--format=json",
        "--fail-severity=hint",
        "--ruleset",
        LOCKS / "spectral.yaml",
        "--output",
        found,
    ]
    run([tool("spectral"), "lint", *options, document], document.parent)
    assert json.loads(found.read_text()) == []


def check_answers(answered: dict[str, Any]) -> None:
    assert answered.pop("next").startswith("/api/v1/prix/btc/historique?date_debut=2026-01-10")
    assert {"gold_price", "gold_sentiment"} <= set(answered.pop("tables"))
    assert answered == ANSWERED


def test_python_client_is_generated_without_a_warning_and_works(
    api: ApiProcess, document: Path, tmp_path: Path
) -> None:
    package = tmp_path / "client_of_document"
    generate = [
        sys.executable,
        "-m",
        "openapi_python_client",
        "generate",
        "--meta",
        "none",
        "--fail-on-warning",
    ]
    output = run(
        [*generate, "--path", document, "--output-path", package],
        tmp_path,
        PYTHONPATH=str(INSTALLED / "python"),
    )
    assert "Warning" not in output
    assert compileall.compile_dir(package, quiet=1)

    _, token = signed_in(api.port, "staff").make_token("views:read", "views:write")
    command = [sys.executable, LOCKS / "client.py", api.url.rstrip("/"), token]
    check_answers(json.loads(run(command, tmp_path, PYTHONPATH=str(tmp_path))))


def test_typescript_client_is_generated_compiles_and_works(
    api: ApiProcess, document: Path, tmp_path: Path
) -> None:
    (tmp_path / "node_modules").symlink_to(INSTALLED / "node_modules")
    (tmp_path / "package.json").write_text('{"type": "module"}')
    for name in ("client.ts", "tsconfig.json"):
        shutil.copyfile(LOCKS / name, tmp_path / name)
    run([tool("openapi-typescript"), document, "-o", tmp_path / "api.ts"], tmp_path)
    run([tool("tsc"), "--project", tmp_path], tmp_path)

    _, token = signed_in(api.port, "other").make_token("views:read", "views:write")
    output = run([BIN / "node", "client.ts", api.url.rstrip("/"), token], tmp_path)
    check_answers(json.loads(output))
