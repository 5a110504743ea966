"""The latest of all symbols at once, kept in memory and brought up to date row by row."""
