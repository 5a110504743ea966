"""News feeds: fetched, parsed, identified and published as raw-news."""
