"""Conversations: their ids, names, turns for a model, and summaries."""
