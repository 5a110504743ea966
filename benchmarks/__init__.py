"""Benchmarks; each module is one command. The figures of the docs are copied from their runs."""
