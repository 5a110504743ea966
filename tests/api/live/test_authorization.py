"""Sessions of WebSocket connections, from cookies as strangers write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.live.authorization import _authenticate

HOSTILE = (
    None,
    "",
    ";",
    "=",
    "sessionid",
    "sessionid=",
    "sessionid=;",
    "sessionid==",
    "sessionid=a",
    'sessionid="unclosed',
    "sessionid=a; sessionid=b",
    "sessionid=" + "x" * 100_000,
    "sessionid=../../etc/passwd",
    "sessionid=%00%00%00%00%00%00%00%00",
    "sessionid='; DROP TABLE django_session; --",
    "a b=c; sessionid=d e f g h i j k",
    "sessionid[]=abcdefghijklmnop",
    "\u00ff\u00fe=\u00fd; sessionid=\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9",
)


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("cookie", HOSTILE)
def test_cookie_without_a_session_authenticates_nobody(cookie: str | None) -> None:
    assert _authenticate(None, cookie) == (None, None)


@pytest.mark.usefixtures("database")
@given(st.text(st.characters(codec="latin-1", exclude_characters="\0\r\n"), max_size=60))
def test_cookie_of_any_text_authenticates_nobody(text: str) -> None:
    for cookie in (text, f"sessionid={text}", f"a={text}; sessionid={text}"):
        assert _authenticate(None, cookie) == (None, None)
