"""The scorecard over HTTP: validate, select, answer."""
