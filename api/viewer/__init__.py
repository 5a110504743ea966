"""The viewer: one page over the API."""
