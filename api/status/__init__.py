"""What there is and how fresh it is, over HTTP."""
