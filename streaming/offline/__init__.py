"""Offline server of the demo and the tests: generated news feeds and a generated exchange."""
