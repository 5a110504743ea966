"""Fuzzed questions: refused with a name or answered, and no file outside of the lake is opened meanwhile."""

import string
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from api.process.lake import cursor_key
from lakehouse.history.cursor import decode_cursor, encode_cursor
from tests.support.api_client import Answer, Api
from tests.support.lake_builder import NOON, build_lake
from tests.support.profiles import sized

ApiOf = Callable[[Path], Api]
ROOT = Path(__file__).resolve().parents[3]
CODE = tuple({sys.prefix, sys.base_prefix, str(Path(sys.prefix).resolve()), str(ROOT)})
FUZZED = settings(
    max_examples=sized(quick=30, full=120, soak=2_000),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
LOOKED_AT = {"open", "os.listdir", "os.scandir"}
opened: list[str] | None = None


def _note(event: str, arguments: tuple[object, ...]) -> None:
    if opened is not None and event in LOOKED_AT and isinstance(arguments[0], (str, bytes, Path)):
        opened.append(str(arguments[0]))


sys.addaudithook(_note)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("lake")
    build_lake(path, sentiment=[{}, {"event_time": NOON}], prediction=[{}, {}], price=[{}, {}])
    return path


@pytest.fixture(scope="module")
def module_api(lake: Path, module_api_of: ApiOf) -> Api:
    return module_api_of(lake)


@pytest.fixture
def api(lake: Path, module_api: Api) -> Iterator[Api]:
    """Yield the API, and assert at the end that nothing but the lake and the code itself was opened.

    What Rust and C++ open Python does not see: delta-rs is given the lake alone, and DuckDB may not leave it.
    """
    global opened
    assert module_api.history("sentiment").status == 200
    opened = []
    yield module_api
    seen, opened = opened, None
    assert [path for path in seen if not path.startswith((str(lake), *CODE))] == []


def is_refusal(answer: Answer, *names: str) -> bool:
    return (
        answer.status == 400 and answer.document["parameter"] in names and bool(answer.document["accepted"])
    )


OTHER_DIGITS = "٠١٢٣٤٥٦٧٨٩०१२３４５६७８９𝟎𝟏²³½Ⅷ"
DATE_LIKE = st.one_of(
    st.text(alphabet=string.digits + "-:TtZz+ .,/" + OTHER_DIGITS, min_size=1, max_size=30),
    st.datetimes().map(lambda time: time.isoformat() + "+25:00"),
    st.integers().map(str),
    st.sampled_from(
        ["2026-02-30", "2026-13-01", "0000-00-00", "2026-01-10T24:01", "2026-W02-1", "now", "inf"]
    ),
)
NOT_NUMBERS = st.one_of(
    st.integers(max_value=0).map(str),
    st.integers(min_value=10_001).map(str),
    st.floats().map(str),
    st.text(alphabet=OTHER_DIGITS, min_size=1, max_size=5),
    st.sampled_from(["+1", "1_000", "0x10", "1e3", " 1", "1 ", "1\0", "01", "", "-0", "9" * 5_000]),
)


@FUZZED
@given(name=st.sampled_from(["date_debut", "date_fin", "a_la_date"]), text=DATE_LIKE)
def test_fuzzed_date_is_understood_or_named(api: Api, name: str, text: str) -> None:
    answer = api.history("sentiment", urlencode({name: text}))
    # Before its first build a lake has no past: 410.
    assert answer.status in (200, 410) or is_refusal(answer, name, "date_debut")


@FUZZED
@given(name=st.sampled_from(["limite", "points"]), text=NOT_NUMBERS)
def test_what_is_no_number_in_bounds_is_named(api: Api, name: str, text: str) -> None:
    assert is_refusal(api.history("sentiment", urlencode({name: text})), name)


@FUZZED
@given(times=st.lists(st.integers(10**9, 4 * 10**9), min_size=2, max_size=2).map(sorted))
def test_reversed_range_is_named(api: Api, times: list[int]) -> None:
    query = urlencode({"date_debut": times[1], "date_fin": times[0]})
    assert is_refusal(api.history("prix", query), "date_debut")


@FUZZED
@given(
    name=st.sampled_from(["periode", "intervalle", "remplissage", "points", "limite", "curseur", "format"]),
    values=st.lists(st.text(max_size=5), min_size=2, max_size=5),
)
def test_repeated_parameter_is_named(api: Api, name: str, values: list[str]) -> None:
    query = urlencode([(name, value) for value in values], errors="surrogatepass")
    assert is_refusal(api.history("sentiment", query), name)


@FUZZED
@given(name=st.sampled_from(["periode", "date_debut", "limite", "curseur", "modele"]), at=st.integers(0, 3))
def test_value_with_a_nul_is_named(api: Api, name: str, at: int) -> None:
    value = "24h"[:at] + "\0" + "24h"[at:]
    assert is_refusal(api.history("prediction", urlencode({name: value})), name)


@FUZZED
@given(
    symbol=st.one_of(
        st.sampled_from(["../../etc", "'; drop", "..\\..\\etc", "/etc/passwd", "~root", "a" * 100_000]),
        st.lists(st.sampled_from(["..", "/", "%2e", "etc", "passwd", "\0", "'", ";", "*"]), min_size=1).map(
            "".join
        ),
        st.text(min_size=21, max_size=200),
    ).filter(lambda text: not (text.isalnum() and text.isascii() and len(text) <= 20))
)
def test_symbol_that_is_none_is_named(api: Api, symbol: str) -> None:
    path = f"/api/v1/prix/{quote(symbol, safe='', errors='surrogatepass')}/historique"
    assert is_refusal(api.get(path), "symbol")


@pytest.mark.parametrize(
    "query", ["x" * 100_000, "periode=" + "9" * 100_000, "limite=1&" * 11_000, "curseur=" + "A" * 100_000]
)
def test_query_string_of_100_kb_is_refused(api: Api, query: str) -> None:
    assert api.history("sentiment", query).status == 400


def first_cursor(api: Api) -> str:
    following: str = api.history("sentiment", "intervalle=brut&limite=1").document["suivant"]
    return following.partition("curseur=")[2]


@FUZZED
@given(at=st.integers(0, 10_000), character=st.sampled_from("ABab09-_%"))
def test_changed_cursor_is_named(api: Api, at: int, character: str) -> None:
    cursor = first_cursor(api)
    at %= len(cursor) - 1  # the last character holds bits that mean nothing
    if cursor[at] != character:
        changed = cursor[:at] + quote(character) + cursor[at + 1 :]
        assert is_refusal(api.history("sentiment", f"curseur={changed}"), "curseur")


def test_cursor_signed_with_another_key_is_named(api: Api) -> None:
    forged = encode_cursor(decode_cursor(first_cursor(api), cursor_key()), b"another key")
    assert is_refusal(api.history("sentiment", f"curseur={forged}"), "curseur")


def test_cursor_of_an_older_build_is_gone(api: Api) -> None:
    ours = decode_cursor(first_cursor(api), cursor_key())
    stale = encode_cursor(structs.replace(ours, build_id="an older build"), cursor_key())
    answer = api.history("sentiment", f"curseur={stale}")
    assert (answer.status, answer.document["available"]) == (410, ours.build_id)


def test_cursor_that_is_ahead_of_this_process_is_asked_again_later(api: Api) -> None:
    ours = decode_cursor(first_cursor(api), cursor_key())
    positions = {
        table: {topic: [offset + 1 for offset in offsets] for topic, offsets in topics.items()}
        for table, topics in ours.positions.items()
    }
    ahead = encode_cursor(structs.replace(ours, positions=positions), cursor_key())
    answer = api.history("sentiment", f"curseur={ahead}")
    assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
