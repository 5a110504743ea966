"""From the result topics into bronze, gold, quarantine and duplicates: exactly once, by position."""
