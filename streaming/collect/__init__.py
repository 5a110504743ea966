"""Collectors: from feeds and exchanges to raw-news and raw-price, at least once."""
