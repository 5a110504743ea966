"""Pipeline of the ingestion tests, for the analysis service."""

from tests.system.streaming.ingest.conftest import pipeline

__all__ = ["pipeline"]
