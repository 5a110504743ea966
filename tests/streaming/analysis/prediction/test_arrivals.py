"""Ids that a forecaster remembers."""

from streaming.analysis.prediction.arrivals import MAX_RECENT_IDS, RecentIds


def test_the_oldest_of_too_many_ids_is_forgotten() -> None:
    recent = RecentIds()
    for number in range(MAX_RECENT_IDS + 1):
        assert recent.is_new(str(number))

    assert not recent.is_new(str(MAX_RECENT_IDS))
    assert not recent.is_new("1")
    assert recent.is_new("0")
