"""Generated prices: how they behave, as a pure function of seed and time."""
