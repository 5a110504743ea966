"""What makes the results: raw news and prices in, sentiment and predictions out."""
