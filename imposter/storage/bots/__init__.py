"""Bots: their configs, provider state and statuses."""
