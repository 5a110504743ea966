"""History over HTTP: validate, select, answer."""
