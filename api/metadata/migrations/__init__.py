"""How the tables of the metadata came to be as they are."""
