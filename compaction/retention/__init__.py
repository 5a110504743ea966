"""What tables stop keeping: expired days, old versions and their files, old log files."""
