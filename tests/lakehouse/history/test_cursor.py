import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from lakehouse.errors import QueryError
from lakehouse.history.cursor import Cursor, CursorMarkets, decode_cursor, encode_cursor

KEY = b"a key"
CURSOR = Cursor(
    series="sentiment",
    symbol="btc",
    parameters={"periode": "24h"},
    build_id="b1",
    positions={"gold_sentiment": {"T": [3, -1, 5]}},
    start_us=1,
    end_us=2,
    interval="raw",
    as_of_us=2,
    last_key=(1, "T", 0, 7),
    markets=CursorMarkets([("kraken", "usd", 5)], [(0, 2**62, None)], [(0, 9, 0, 0)]),
)


def test_cursor_comes_back_as_it_was() -> None:
    assert decode_cursor(encode_cursor(CURSOR, KEY), KEY) == CURSOR


def test_cursor_is_safe_in_a_url() -> None:
    assert set(encode_cursor(CURSOR, KEY)) <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    )


def test_cursor_signed_with_another_key_is_refused() -> None:
    with pytest.raises(QueryError, match="cursor"):
        decode_cursor(encode_cursor(CURSOR, b"another"), KEY)


def test_cursor_of_another_version_is_refused() -> None:
    with pytest.raises(QueryError, match="cursor"):
        decode_cursor(encode_cursor(structs.replace(CURSOR, v=2), KEY), KEY)


@given(at=st.integers(0, 400), bit=st.integers(0, 7))
def test_changed_cursor_is_refused(at: int, bit: int) -> None:
    text = encode_cursor(CURSOR, KEY)
    raw = bytearray(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    raw[at % len(raw)] ^= 1 << bit
    with pytest.raises(QueryError, match="cursor"):
        decode_cursor(base64.urlsafe_b64encode(bytes(raw)).decode(), KEY)


@given(text=st.text(max_size=200))
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(QueryError, match="cursor"):
        decode_cursor(text, KEY)
