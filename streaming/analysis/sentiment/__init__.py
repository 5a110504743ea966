"""Sentiment: which assets a text speaks of, in which language, and how it speaks of each."""
