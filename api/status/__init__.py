"""State of the lake over HTTP: assets, tables, freshness, lag, health."""
