"""The whole pipeline on one machine: what `make demo` runs."""
