"""Table service, run by cron: plan, rewrite, vacuum."""
