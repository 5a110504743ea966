"""Load generator: a generated market with its results, in place of collectors and analyses."""
