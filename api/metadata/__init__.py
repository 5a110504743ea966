"""Metadata: assets, entities, sources, saved views and configuration, in the metadata database."""
