"""Collectors: from feeds and exchanges to raw-news and raw-price, politely and at least once."""
