"""Times as feeds write them: a table of forms, and every instant written in each form."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lakehouse.time_range import to_us
from streaming.collect.feeds.published_time import read_time_us
from streaming.collect.feeds.time_zones import country_of

TABLE = Path(__file__).with_name("written_times.tsv")
LINES = [line.split("\t") for line in TABLE.read_text(encoding="utf-8").splitlines()]
ENGLISH = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
FRENCH = (
    "janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc.",
)  # fmt: skip
GERMAN = (
    "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November",
    "Dezember",
)  # fmt: skip
SPANISH = (
    "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre",
    "noviembre", "diciembre",
)  # fmt: skip
FORMS = (
    "{t:%Y-%m-%dT%H:%M:%S}{o:%z}",
    "{t:%Y/%m/%d %H:%M:%S} {o:%z}",
    "{t:%Y%m%dT%H%M%S}{o:%z}",
    "{t:%G-W%V-%uT%H:%M:%S}{o:%z}",
    "{t:%Y-%jT%H:%M:%S}{o:%z}",
    "{t:%a, %d} {en} {t:%Y %H:%M:%S} {o:%z}",
    "{t:%A, %d}-{en}-{t:%y %H:%M:%S} {o:%z}",
    "{t:%a} {en} {t:%d %H:%M:%S %Y} {o:%z}",
    "{t:%a} {en} {t:%d %Y %H:%M:%S} GMT{o:%z} (Somewhere Standard Time)",
    "{en} {t:%d, %Y %I:%M:%S %p} {o:%z}",
    "{t:%I:%M:%S %p}, {en} {t:%d, %Y} {o:%z}",
    "{t:%d} {fr} {t:%Y} à {t:%H:%M:%S} {o:%z}",
    "{t:%d}. {de} {t:%Y} um {t:%H:%M:%S} Uhr {o:%z}",
    "{t:%d} de {es} de {t:%Y} a las {t:%H:%M:%S} {o:%z}",
    "{t:%Y}年{t:%m}月{t:%d}日 {t:%H:%M:%S} {o:%z}",
)
INSTANTS = st.datetimes(datetime(2009, 1, 4), datetime(2049, 12, 30)).map(  # noqa: DTZ001 - with UTC in the next line
    lambda local: local.replace(microsecond=0, tzinfo=UTC)
)
OFFSETS = st.integers(-12 * 4, 14 * 4).map(lambda quarters: timezone(timedelta(minutes=15 * quarters)))


def test_the_table_has_hundreds_of_forms() -> None:
    assert len(LINES) >= 400
    assert len({(country, text) for _, country, text in LINES}) == len(LINES)


@pytest.mark.parametrize(("expected", "country", "text"), LINES)
def test_a_written_time_is_the_instant_of_the_table_or_unknown(
    expected: str, country: str, text: str
) -> None:
    instant_us = None if expected == "unknown" else to_us(datetime.fromisoformat(expected))

    assert read_time_us(text.replace("\\n", "\n"), country=country or None) == instant_us


@given(instant=INSTANTS, offset=OFFSETS, form=st.sampled_from(FORMS))
@example(instant=datetime(2026, 1, 1, tzinfo=UTC), offset=timezone(timedelta(hours=-12)), form=FORMS[3])
def test_every_instant_is_read_back_from_every_form(instant: datetime, offset: timezone, form: str) -> None:
    local = instant.astimezone(offset)
    month = local.month - 1
    text = form.format(
        t=local, o=local, en=ENGLISH[month], fr=FRENCH[month], de=GERMAN[month], es=SPANISH[month]
    )

    assert read_time_us(text) == to_us(instant)


@given(instant=INSTANTS, separator=st.sampled_from("/.-"), month_first=st.booleans())
def test_numbers_are_certain_only_where_one_of_them_cannot_be_the_month(
    instant: datetime, separator: str, month_first: bool
) -> None:
    pair = (instant.month, instant.day) if month_first else (instant.day, instant.month)
    text = f"{pair[0]:02}{separator}{pair[1]:02}{separator}{instant.year} {instant:%H:%M:%S}"

    is_certain = instant.day > 12 or instant.day == instant.month
    assert read_time_us(text) == (to_us(instant) if is_certain else None)


@given(text=st.text(max_size=130))
def test_no_text_raises(text: str) -> None:
    assert read_time_us(text) is None or isinstance(read_time_us(text), int)


@given(text=st.text("0123456789-+:/., TZWamphGMTUCEJanovdeé()[]年月日", max_size=60))
def test_nothing_that_resembles_a_time_raises(text: str) -> None:
    assert read_time_us(text) is None or isinstance(read_time_us(text), int)


@pytest.mark.parametrize("word", ["9", "Nov ", "10:00 ", "+", "(", "de ", "mon, ", "a. ", "- "])
def test_a_long_text_is_no_time(word: str) -> None:
    assert read_time_us(word * 100_000) is None
    assert read_time_us(word * (119 // len(word))) is None


@pytest.mark.parametrize(
    ("language", "host", "country"),
    [
        ("en-au", None, "au"),
        ("en-AU", "news.example.co.uk", "au"),
        ("en", "news.example.co.uk", "gb"),
        (None, "news.example.in", "in"),
        (None, "news.example.com", None),
        ("en", "news.example.io", None),
        ("zh", "news.example.com", "cn"),
        ("zh-hant-tw", None, "tw"),
        ("he", None, "il"),
        ("fr", None, None),
        (None, None, None),
        ("", "", None),
        ("en", "127.0.0.1", None),
    ],
)
def test_a_feeds_country_is_its_languages_region_or_its_domain(
    language: str | None, host: str | None, country: str | None
) -> None:
    assert country_of(language, host) == country
