"""What the analysis runs, by name: a query that is added here is started, watched and restarted with the others."""

from streaming.analysis.service import AnalysisQuery

QUERIES: tuple[AnalysisQuery, ...] = ()
