"""Names of the series in paths, answers and channels."""

from collections.abc import Mapping

from lakehouse.series.definitions import PREDICTION, PRICE, SENTIMENT, Series

SERIES_BY_NAME: Mapping[str, Series] = {"sentiment": SENTIMENT, "prediction": PREDICTION, "prix": PRICE}
NAME_OF_SERIES: Mapping[str, str] = {series.name: name for name, series in SERIES_BY_NAME.items()}
