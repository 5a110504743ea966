"""Quarantined messages: listed, shown and replayed."""
