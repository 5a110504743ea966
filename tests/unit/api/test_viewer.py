"""The viewer's files: what may run, what browsers may keep, what is refused."""

import json
import re
from pathlib import Path

import pytest
from django.test import Client

from api.viewer.files import PAGE, current_viewer, read_viewer

VERSION = current_viewer().version


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


def test_page_lets_nothing_run_but_its_own_files(client: Client) -> None:
    response = client.get("/")
    policy = response["Content-Security-Policy"]
    assert (response.status_code, response["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert response["X-Content-Type-Options"] == "nosniff"


def test_page_is_asked_about_again_and_not_sent_again(client: Client) -> None:
    response = client.get("/")
    assert response["Cache-Control"] == "no-cache"
    again = client.get("/", headers={"If-None-Match": response["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/", headers={"If-None-Match": '"another"'}).status_code == 200


def test_head_tells_the_length_and_sends_nothing(client: Client) -> None:
    response = client.head("/")
    assert (response.status_code, response.content) == (200, b"")
    assert response["Content-Length"] == str(len(current_viewer().page.body))


def test_everything_that_is_named_is_served_for_good(client: Client) -> None:
    page = client.get("/").content.decode()
    paths = set(re.findall(r'(?:href|src)="(/viewer/[^"]+)"', page))
    for file in current_viewer().files.values():
        imported = re.findall(r'from "\./(\w+\.js)"', file.body.decode())
        paths |= {f"/viewer/{VERSION}/{name}" for name in imported}
    assert len(paths) > 10
    for path in paths:
        response = client.get(path)
        assert response.status_code == 200, path
        assert response["Cache-Control"] == "public, max-age=31536000, immutable"


def test_page_names_no_other_origin() -> None:
    viewer = current_viewer()
    for name, file in {PAGE: viewer.page, **viewer.files}.items():
        addresses = set(re.findall(rb"https?://[^\s\"'`)]+", file.body)) - {b"http://www.w3.org/2000/svg"}
        assert addresses == set(), name


@pytest.mark.parametrize(
    "path",
    [
        "/viewer/000000000000/main.js",
        f"/viewer/{VERSION}/missing.js",
        f"/viewer/{VERSION}/index.html",
        f"/viewer/{VERSION}/../files.py",
        f"/viewer/{VERSION}/%2e%2e/files.py",
        f"/viewer/{VERSION}/",
        "/index.html",
    ],
)
def test_what_is_not_there_is_a_problem(client: Client, path: str) -> None:
    response = client.get(path)
    assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")


@pytest.mark.parametrize("path", ["/", f"/viewer/{VERSION}/main.js"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_only_reading_is_served(client: Client, path: str, method: str) -> None:
    response = client.generic(method, path)
    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD")
    assert json.loads(response.content)["status"] == 405


def test_version_changes_with_any_file(tmp_path: Path) -> None:
    (tmp_path / PAGE).write_text("<script src='/viewer/{version}/a.js'>")
    (tmp_path / "a.js").write_text("1")
    before = read_viewer(tmp_path)
    (tmp_path / "a.js").write_text("2")
    after = read_viewer(tmp_path)
    assert before.version != after.version
    assert after.page.body == f"<script src='/viewer/{after.version}/a.js'>".encode()
