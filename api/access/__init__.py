"""Who may ask for what: people by session, programs by token."""
