"""Origins and hosts in settings: what a browser can send is taken as it sends it, the rest is refused by name."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.errors import SettingError
from lakehouse.process import origins
from lakehouse.process.origins import parse_hosts, parse_origins
from lakehouse.process.settings import Settings

VARIABLES = ("CRYPTOVIZ_CORS_ORIGINS", "CRYPTOVIZ_LIVE_ORIGINS")


def test_examples_in_docstrings_hold() -> None:
    assert doctest.testmod(origins).failed == 0


@pytest.mark.parametrize("variable", VARIABLES)
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("*", "*"),
        ("https://viewer.example", "https://viewer.example"),
        ("HTTPS://Viewer.Example", "https://viewer.example"),
        ("https://viewer.example:443", "https://viewer.example"),
        ("http://viewer.example:80", "http://viewer.example"),
        ("http://viewer.example:443", "http://viewer.example:443"),
        ("http://localhost:5173", "http://localhost:5173"),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        ("http://[0:0:0:0:0:0:0:1]:3000", "http://[::1]:3000"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
        (" https://a.example , https://b.example, ", "https://a.example,https://b.example"),
        ("https://a.example,https://A.example", "https://a.example"),
    ],
)
def test_origins_are_taken_as_browsers_send_them(variable: str, text: str, expected: str) -> None:
    settings = Settings.from_environ({variable: text})
    assert (settings.cors_origins or settings.live_origins) == expected


@pytest.mark.parametrize("variable", VARIABLES)
@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("viewer.example", ""),
        ("//viewer.example", ""),
        ("null", ""),
        ("https://", ""),
        ("htps://viewer.example", ""),
        ("ftp://viewer.example", ""),
        ("file://", ""),
        ("https://*.example", ""),
        ("https://viewer example", ""),
        ("https://viewer..example", ""),
        ("https://viewer.example:99999", ""),
        ("https://viewer.example:port", ""),
        ("https://viewer.example:", "did you mean https://viewer.example?"),
        ("https://viewer.example/", "did you mean https://viewer.example?"),
        ("https://viewer.example/path", "did you mean https://viewer.example?"),
        ("https://viewer.example:443/", "did you mean https://viewer.example?"),
        ("https://viewer.example?x", "did you mean https://viewer.example?"),
        ("https://ann@viewer.example", "did you mean https://viewer.example?"),
        ("https://bücher.example", "xn--"),
        ("https://a.example;https://b.example", ""),
        ("https://a.example https://b.example", ""),
        ("https://a.example,b.example", ""),
        ("'https://a.example'", ""),
    ],
)
def test_what_no_browser_sends_is_refused_by_name(variable: str, text: str, hint: str) -> None:
    with pytest.raises(SettingError) as refused:
        Settings.from_environ({variable: text})
    assert str(refused.value).startswith(f"{variable}: ")
    assert "accepted: https://host" in str(refused.value)
    assert hint in str(refused.value)


@given(st.text(max_size=40))
def test_any_text_is_origins_or_refused_and_parsing_again_changes_nothing(text: str) -> None:
    try:
        parsed = parse_origins(text)
    except ValueError:
        return
    assert parse_origins(",".join(parsed)) == parsed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*", ("*",)),
        ("viz.example", ("viz.example",)),
        ("Viz.Example, .viz.example", ("viz.example", ".viz.example")),
        ("127.0.0.1,[::1],localhost", ("127.0.0.1", "[::1]", "localhost")),
        ("::1", ("[::1]",)),
    ],
)
def test_hosts_are_taken_as_they_are_compared(text: str, expected: tuple[str, ...]) -> None:
    assert parse_hosts(text) == expected
    assert Settings(allowed_hosts=text).host_names == list(expected)


@pytest.mark.parametrize(
    "text", ["https://viz.example", "viz.example:8000", "*.viz.example", "viz.example/", ",", "a b"]
)
def test_hosts_that_never_match_are_refused_by_name(text: str) -> None:
    with pytest.raises(SettingError, match="CRYPTOVIZ_ALLOWED_HOSTS: "):
        Settings.from_environ({"CRYPTOVIZ_ALLOWED_HOSTS": text})
