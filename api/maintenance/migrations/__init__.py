"""Migrations of the record of maintenance runs."""
