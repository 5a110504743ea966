"""Backups: lake, metadata and checkpoints in one folder, with a manifest to verify it."""
