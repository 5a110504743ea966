"""The latest of all symbols over HTTP."""
