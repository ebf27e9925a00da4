"""Reports on usage and activity over time."""
