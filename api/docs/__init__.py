"""The page that shows the API and lets it be tried."""
