"""How the table of tokens came to be as it is."""
