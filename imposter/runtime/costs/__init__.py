"""Prices of model calls, and budgets."""
