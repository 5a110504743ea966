"""What cron runs: plan, rewrite, vacuum."""
