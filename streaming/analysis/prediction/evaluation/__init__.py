"""Evaluation of the forecaster over candles of real markets and over the generated market."""
