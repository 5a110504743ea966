"""Retention of tables: expired days, old versions and their files, old log files."""
