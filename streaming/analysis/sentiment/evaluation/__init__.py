"""Evaluation of the scorers on labelled headlines."""
