"""The viewer's files: what may run, what browsers may keep, what is refused."""

import gzip
import json
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.test import Client

from api.process import lake as lakes
from api.viewer.files import PAGE, current_viewer, read_viewer
from api.viewer.live import live_source, with_live_url
from lakehouse.errors import SettingError
from lakehouse.process.settings import Settings

VERSION = current_viewer().version
NAMESPACES = b"http://www.w3.org/"
MAX_GZIPPED_BYTES = 200_000


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


def test_closed_page_goes_on_to_the_shared_view_that_was_asked_for(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "CRYPTOVIZ", settings.CRYPTOVIZ.model_copy(update={"history_open": False}))
    lakes.current_settings.cache_clear()
    try:
        assert client.get("/").headers["Location"] == "/connexion"
        place = client.get("/?vue=a-b&x=%23&next=//evil.example").headers["Location"]
    finally:
        monkeypatch.undo()
        lakes.current_settings.cache_clear()
    assert parse_qs(urlsplit(place).query) == {"next": ["/?vue=a-b&x=%23&next=//evil.example"]}


def test_head_tells_the_length_and_sends_nothing(client: Client) -> None:
    response = client.head("/")
    assert (response.status_code, response.content) == (200, b"")
    assert response["Content-Length"] == str(len(client.get("/").content))


def test_everything_that_is_named_is_served_for_good(client: Client) -> None:
    page = client.get("/").content.decode()
    paths = set(re.findall(r'(?:href|src)="(/viewer/[^"]+)"', page))
    assert paths == {f"/viewer/{VERSION}/{name}" for name in ("icon.svg", "viewer.css", "viewer.js")}
    for path in paths:
        response = client.get(path)
        assert response.status_code == 200, path
        assert response["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("encoding", ["", "gzip", "zstd, gzip"])
def test_file_is_sent_once_whatever_its_encoding(client: Client, encoding: str) -> None:
    path = f"/viewer/{VERSION}/viewer.js"
    first = client.get(path, headers={"Accept-Encoding": encoding})
    assert ("Content-Encoding" in first) is bool(encoding)
    assert first["Content-Length"] == str(len(first.content))
    again = client.get(path, headers={"Accept-Encoding": encoding, "If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_range_of_a_file_is_not_compressed(client: Client) -> None:
    path = f"/viewer/{VERSION}/viewer.js"
    part = client.get(path, headers={"Range": "bytes=0-1999", "Accept-Encoding": "zstd"})
    assert (part.status_code, part.content) == (206, client.get(path).content[:2000])
    assert "Content-Encoding" not in part


def test_head_of_a_file_tells_its_length(client: Client) -> None:
    path = f"/viewer/{VERSION}/viewer.js"
    response = client.head(path)
    assert (response.status_code, response.content) == (200, b"")
    assert response["Content-Length"] == str(len(client.get(path).content))


def test_bundle_is_small() -> None:
    viewer = current_viewer()
    bodies = [viewer.page, *(path.read_bytes() for path in viewer.files.values())]
    assert sum(len(gzip.compress(body)) for body in bodies) < MAX_GZIPPED_BYTES


def test_page_knows_no_socket_unless_one_is_set(client: Client) -> None:
    response = client.get("/")
    assert '<meta name="live-url" content="">' in response.content.decode()
    assert "connect-src 'self';" in response["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("url", "source"),
    [
        ("ws://127.0.0.1:9000/ws/v1/flux", "ws://127.0.0.1:9000"),
        ("wss://live.example/flux?x=1", "wss://live.example"),
        ("/ws/v1/flux", ""),
        ("", ""),
    ],
)
def test_policy_allows_the_socket_that_is_set_and_no_path_of_it(url: str, source: str) -> None:
    assert live_source(url) == source
    assert Settings.from_environ({"CRYPTOVIZ_LIVE_URL": url}).live_url == url


def test_page_is_told_the_socket_as_text() -> None:
    assert with_live_url(b'"{live_url}"', '/a?"><script>') == b'"/a?&quot;&gt;&lt;script&gt;"'


@pytest.mark.parametrize(
    "url",
    ["http://host/", "//host/path", "ws://", "ws://host; script-src *", "ws://host/ x", "wss://a,b", "flux"],
)
def test_socket_that_no_page_could_follow_is_refused(url: str) -> None:
    with pytest.raises(SettingError, match="CRYPTOVIZ_LIVE_URL"):
        Settings.from_environ({"CRYPTOVIZ_LIVE_URL": url})


def test_viewer_that_nobody_built_says_how(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.viewer.views.current_viewer", lambda: read_viewer(tmp_path))
    response = client.get("/")
    assert response.status_code == 503
    assert json.loads(response.content)["detail"] == "the viewer is not built: run `make setup`"


def test_page_names_no_other_origin() -> None:
    viewer = current_viewer()
    bodies = {PAGE: viewer.page} | {name: path.read_bytes() for name, path in viewer.files.items()}
    for name, body in bodies.items():
        addresses = set(re.findall(rb"https?://[^\s\"'`)]+", body))
        assert {one for one in addresses if not one.startswith(NAMESPACES)} == set(), name


@pytest.mark.parametrize(
    "path",
    [
        "/viewer/000000000000/viewer.js",
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


@pytest.mark.parametrize("path", ["/", f"/viewer/{VERSION}/viewer.js"])
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
    assert after.page == f"<script src='/viewer/{after.version}/a.js'>".encode()
