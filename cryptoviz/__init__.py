"""Command `cryptoviz`: every program of the project under one name."""
