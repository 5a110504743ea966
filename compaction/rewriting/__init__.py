"""Compaction of tables: which files are rewritten, and how they are replaced."""
