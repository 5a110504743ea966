"""Runs of the table service, stored in the metadata database."""
