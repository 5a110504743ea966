"""Analysis: sentiment and predictions from raw news and prices."""
