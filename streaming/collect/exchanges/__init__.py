"""Exchanges: trades of markets, fetched page by page and published as raw-price."""
