"""Metadata: assets, sources, saved views and configuration, in the metadata database."""
