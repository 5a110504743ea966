"""Queries of the analysis by name; a query that is added here is started, watched and restarted with the others."""

from functools import partial

from lakehouse.delta.storage import LakeLocation
from lakehouse.messages.contract import ANALYZED_SENTIMENT, PREDICTED_PRICE, RAW_NEWS
from lakehouse.series.markets import DEFAULT_RULES, MarketRules
from streaming.analysis.prediction.arrivals import TOPICS as PREDICTION_INPUTS
from streaming.analysis.prediction.query import QUERY_NAME as PREDICTION
from streaming.analysis.prediction.query import start_predictions
from streaming.analysis.sentiment.publishing import ScorerSettings
from streaming.analysis.sentiment.query import DEFAULT_SETTINGS, start_sentiment
from streaming.analysis.sentiment.query import QUERY_NAME as SENTIMENT
from streaming.analysis.service import AnalysisQuery

QUERY_NAMES = (SENTIMENT, PREDICTION)


def all_queries(
    *,
    scorers: ScorerSettings = DEFAULT_SETTINGS,
    lake: LakeLocation | None = None,
    market_rules: MarketRules = DEFAULT_RULES,
) -> tuple[AnalysisQuery, ...]:
    """Return every query; ``scorers`` say whose sentiments are published, ``lake`` holds aliases and models.

    ``market_rules`` are what an operator says about symbols and markets.
    """
    return (
        AnalysisQuery(
            name=SENTIMENT,
            inputs=(RAW_NEWS.topic,),
            output=ANALYZED_SENTIMENT.topic,
            start=partial(start_sentiment, scorers=scorers, lake=lake),
        ),
        AnalysisQuery(
            name=PREDICTION,
            inputs=PREDICTION_INPUTS,
            output=PREDICTED_PRICE.topic,
            start=partial(start_predictions, market_rules=market_rules),
        ),
    )
