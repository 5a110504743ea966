"""Demo: the whole pipeline on one machine, as `make demo` runs it."""
