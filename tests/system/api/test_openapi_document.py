"""The published OpenAPI document against the running server: well-formed and malformed questions of every path."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lakehouse.derived.score_refresh import refresh_scores
from lakehouse.lake import Lake
from tests.support.api_process import ApiProcess, running_api
from tests.support.lake_builder import build_lake
from tests.support.users import Visitor, make_people, signed_in
from tests.system.api.schema_run import PATHS_OF_PEOPLE, TIMEOUT_SECONDS, run_schemathesis

V = "/api/v1"
SCOPES = ("history:read", "views:read", "views:write", "catalogue:write", "configuration")


def recent_lake(path: Path) -> None:
    """Events of the last hours, so that a question without dates has an answer, and their scores."""
    newest = datetime.now(UTC).replace(microsecond=0)
    times = [newest - timedelta(minutes=7 * n) for n in range(100)]
    builder = build_lake(
        path,
        sentiment=[{"event_time": time} for time in times],
        prediction=[{"made_at": time, "target_time": time + timedelta(hours=1)} for time in times],
        price=[{"event_time": time, "price": 100.0 + time.minute} for time in times],
    )
    refresh_scores(Lake(builder.location))


@pytest.mark.timeout(TIMEOUT_SECONDS + 60)
def test_schemathesis_finds_no_failure(tmp_path: Path) -> None:
    recent_lake(tmp_path / "lake")
    with running_api(lake=tmp_path / "lake", runtime_dir=tmp_path / "runtime") as server:
        run_schemathesis(
            tmp_path,
            port=server.port,
            accepted=(400, 404, 410),
            n_examples=5,
            options=("--exclude-path-regex", PATHS_OF_PEOPLE),
        )


@pytest.fixture
def peopled(tmp_path: Path) -> Iterator[ApiProcess]:
    """Yield a server with SQLite of its own, on which staff may sign in."""
    build_lake(tmp_path / "lake", sentiment=[{}])
    with running_api(lake=tmp_path / "lake", runtime_dir=tmp_path / "runtime") as server:
        make_people(tmp_path / "runtime", staff=("staff",))
        yield server


@pytest.mark.timeout(TIMEOUT_SECONDS + 60)
@pytest.mark.parametrize(
    ("who", "must_answer", "phases"),
    [
        ("nobody", f"GET {V}/(catalogue|session|vues/partagees)", "fuzzing"),
        ("session", ".", "examples,coverage,fuzzing,stateful"),
        ("token", f"^(?!.* {V}/jetons)", "fuzzing,stateful"),
    ],
)
def test_schemathesis_finds_no_failure_in_rows_of_people(
    peopled: ApiProcess, tmp_path: Path, who: str, must_answer: str, phases: str
) -> None:
    """Values at every bound (phase coverage) are parsed alike whoever asks, and take four fifths of a run."""
    staff = signed_in(peopled.port, "staff")
    run_schemathesis(
        tmp_path,
        port=peopled.port,
        accepted=(400, 404, 409, 412, *(() if who == "session" else (401, 403))),
        n_examples=8,
        headers=headers_of(staff, who),
        options=("--include-path-regex", PATHS_OF_PEOPLE, "--phases", phases),
        must_answer=must_answer,
        named=named_rows(staff),
    )


def headers_of(staff: Visitor, who: str) -> dict[str, str]:
    if who == "session":
        return {"Cookie": staff.cookie, "X-CSRFToken": staff.headers["X-CSRFToken"]}
    if who == "token":
        return {"Authorization": f"Bearer {staff.make_token(*SCOPES)[1]}"}
    return {}


def named_rows(staff: Visitor) -> dict[str, list[Any]]:
    """Rows to read, to change and to remove, made for the run, under the operations that are about them."""
    symbols = [f"zz{n}" for n in range(3)]
    names = [f"zz-{n}" for n in range(3)]
    for symbol, name in zip(symbols, names, strict=True):
        made = staff.ask("POST", f"{V}/catalogue/actifs", {"symbol": symbol, "name": symbol})
        assert made.status == 201, made
        entity = {"name": symbol, "title": symbol, "kind": "company"}
        made = staff.ask("POST", f"{V}/catalogue/entites", entity)
        assert made.status == 201, made
        made = staff.ask("POST", f"{V}/catalogue/sources", {"name": name, "kind": "news", "title": name})
        assert made.status == 201, made
    views = [
        staff.ask("POST", f"{V}/vues", {"name": name, "parameters": {}, "shared": True}).document
        for name in names
    ]
    tokens = [staff.make_token("views:read")[0] for _ in range(2)]
    link = views[0]["link"].rpartition("/")[2]
    ids = [view["id"] for view in views]
    return {
        **_by_method(f"{V}/catalogue/actifs/{{symbol}}", symbols),
        **_by_method(f"{V}/catalogue/entites/{{name}}", symbols),
        **_by_method(f"{V}/catalogue/sources/{{name}}", names),
        **_by_method(f"{V}/vues/{{id}}", ids),
        f"GET {V}/jetons/{{id}}": tokens[:1],
        f"DELETE {V}/jetons/{{id}}": tokens[1:],
        f"GET {V}/vues/partagees/{{link}}": [link],
    }


def _by_method(path: str, rows: list[Any]) -> dict[str, list[Any]]:
    return {f"{method} {path}": [row] for method, row in zip(("GET", "PATCH", "DELETE"), rows, strict=True)}
