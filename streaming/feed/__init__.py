"""A plausible market and its results, generated: the feed that stands in for collectors and analyses."""
