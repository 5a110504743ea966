"""Semantic scorer: sentence vectors of multilingual-e5-small, and a logistic regression on them."""
