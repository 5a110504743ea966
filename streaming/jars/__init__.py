"""Jars that Spark and the embedded broker run on: their lock, their folder, and the command that installs them."""
