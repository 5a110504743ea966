"""Predictions: a pure state machine per asset, and the Spark query that stores its state."""
