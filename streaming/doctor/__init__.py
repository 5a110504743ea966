"""Diagnosis of an installation, with advice: `python -m streaming.doctor`. Changes nothing."""
