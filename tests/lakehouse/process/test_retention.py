"""Days to keep: which of them fit together, and which would lose what another table still needs."""

import pytest

from lakehouse.errors import RetentionRuleError, SettingError
from lakehouse.process.retention import Retention
from lakehouse.process.settings import Settings


def test_tables_that_are_not_named_keep_everything() -> None:
    assert Retention.parse("").days == {}
    assert Retention.parse(" bronze=30 , gold_price=121 ").days == {"bronze": 30, "gold_price": 121}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("silver=30", "'silver' is not one of bronze, gold_sentiment"),
        ("losses=30", "'losses' is not one of"),
        ("bronze", "bronze: '' is not a number of days from 1 to 36500"),
        ("bronze=0", "'0' is not a number"),
        ("bronze=-3", "'-3' is not a number"),
        ("bronze=٣٠", "is not a number"),
        ("bronze=6", "bronze keeps 6 days and has to keep 7 at least"),
        ("gold_price=500", "gold_price cannot be kept for less than bronze, which keeps everything"),
        ("bronze=30,gold_price=120", "gold_price keeps 120 days and has to keep 121 at least: bronze"),
        ("bronze=30,quarantine=29", "quarantine keeps 29 days and has to keep 30"),
        ("bronze=30,gold_price=200,gold_price_1m=199", "gold_price_1m keeps 199 days and has to keep 200"),
        ("gold_price_1h=900", "gold_price_1h cannot be kept for less than gold_price"),
        ("bronze=7,gold_sentiment=98,gold_story=97", "gold_story keeps 97 days and has to keep 98 at least"),
        ("gold_story=900", "gold_story cannot be kept for less than gold_sentiment"),
        ("gold_score=30", "gold_score keeps 30 days and has to keep 31 at least: the longest window"),
    ],
)
def test_days_that_would_lose_what_another_needs_are_refused(text: str, problem: str) -> None:
    with pytest.raises(RetentionRuleError, match=problem):
        Retention.parse(text)


def test_setting_that_cannot_be_kept_is_named() -> None:
    with pytest.raises(SettingError, match="CRYPTOVIZ_RETENTION: gold_price keeps 40 days"):
        Settings.from_environ({"CRYPTOVIZ_RETENTION": "bronze=7,gold_price=40"})
