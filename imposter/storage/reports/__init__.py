"""Usage and activity over time."""
