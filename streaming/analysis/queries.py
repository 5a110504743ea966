"""What the analysis runs, by name: a query that is added here is started, watched and restarted with the others."""

from lakehouse.contract import PREDICTED_PRICE
from streaming.analysis.prediction.arrivals import TOPICS
from streaming.analysis.prediction.query import QUERY_NAME, start_predictions
from streaming.analysis.service import AnalysisQuery

QUERIES: tuple[AnalysisQuery, ...] = (
    AnalysisQuery(name=QUERY_NAME, inputs=TOPICS, output=PREDICTED_PRICE.topic, start=start_predictions),
)
