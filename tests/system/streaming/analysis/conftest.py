"""The pipeline of the ingestion tests, with the analysis service beside it."""

from tests.system.streaming.ingest.conftest import pipeline

__all__ = ["pipeline"]
