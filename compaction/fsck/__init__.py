"""Consistency check of a lake: files, rows and records against the log and bronze."""
