"""Conversations: the ids they are known by, names, turns shown to a model, and summaries."""
