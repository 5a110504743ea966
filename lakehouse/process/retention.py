"""Days that tables keep, and the rules between them."""

from collections.abc import Mapping
from dataclasses import dataclass

from lakehouse.errors import RetentionRuleError
from lakehouse.messages.contract import MAX_EVENT_AGE
from lakehouse.schema.story_table import GOLD_STORY
from lakehouse.schema.tables import (
    BRONZE,
    DUPLICATES,
    GOLD_SCORE,
    GOLD_SENTIMENT,
    GOLD_TABLES,
    QUARANTINE,
    TABLES,
)
from lakehouse.series.rollups import ROLLUPS

LEAST_BRONZE_DAYS = 7
"""Kafka's own default: a message that was not ingested for longer is gone anyway."""
LEAST_SCORE_DAYS = 31
"""The longest window of a scorecard, and the day that it begins in."""
_EVENT_DAYS = MAX_EVENT_AGE.days + 1
_EXPIRABLE = [
    spec.name for spec in TABLES.values() if any(name.endswith("_date") for name in spec.partition_by)
]


@dataclass(frozen=True, slots=True)
class Retention:
    """Days by table. A table that is not named keeps everything.

    >>> Retention.parse("bronze=30, gold_price=121").days["gold_price"]
    121
    """

    days: Mapping[str, int]

    @staticmethod
    def parse(text: str) -> "Retention":
        """Return the days of a text such as `bronze=30, gold_price=121`.

        Raises: RetentionRuleError for what is no table, no number of days, or would break a rule of `check`.
        """
        days: dict[str, int] = {}
        for part in filter(None, (part.strip() for part in text.split(","))):
            name, _, number = (piece.strip() for piece in part.partition("="))
            if name not in _EXPIRABLE:
                raise RetentionRuleError(f"{name!r} is not one of {', '.join(_EXPIRABLE)}")
            if not number.isascii() or not number.isdigit() or not 0 < int(number) <= 36_500:
                raise RetentionRuleError(f"{name}: {number!r} is not a number of days from 1 to 36500")
            days[name] = int(number)
        retention = Retention(days)
        retention.check()
        return retention

    def check(self) -> None:
        """Check that bronze is the shortest, and that gold outlasts every event that a record of bronze may hold.

        So a copy of a message finds its gold row, a rebuild brings back nothing that was expired, and the result of a
        record is known as long as the record is there. Rollups and stories outlast their gold.

        Raises: RetentionRuleError.
        """
        bronze_days = self.days.get(BRONZE.name)
        self._at_least(BRONZE.name, LEAST_BRONZE_DAYS, "what Kafka may still hold")
        for spec in GOLD_TABLES:
            self._outlast(spec.name, BRONZE.name, bronze_days, _EVENT_DAYS)
        for name in (QUARANTINE.name, DUPLICATES.name):
            self._outlast(name, BRONZE.name, bronze_days, 0)
        for rollup in ROLLUPS:
            self._outlast(rollup.table.name, rollup.gold.name, self.days.get(rollup.gold.name), 0)
        self._outlast(GOLD_STORY.name, GOLD_SENTIMENT.name, self.days.get(GOLD_SENTIMENT.name), 0)
        self._at_least(GOLD_SCORE.name, LEAST_SCORE_DAYS, "the longest window of a scorecard")

    def _outlast(self, name: str, other: str, other_days: int | None, more_days: int) -> None:
        if name not in self.days:
            return
        if other_days is None:
            raise RetentionRuleError(f"{name} cannot be kept for less than {other}, which keeps everything")
        self._at_least(name, other_days + more_days, f"{other}, which keeps {other_days}")

    def _at_least(self, name: str, least_days: int, why: str) -> None:
        if self.days.get(name, least_days) < least_days:
            raise RetentionRuleError(
                f"{name} keeps {self.days[name]} days and has to keep {least_days} at least: {why}"
            )
