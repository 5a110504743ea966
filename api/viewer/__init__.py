"""The page that shows it all."""
