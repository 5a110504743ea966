"""Access: authentication by session or token, permissions, rate limits."""
