"""Migrations of the metadata tables."""
