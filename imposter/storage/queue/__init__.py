"""Pending work: waiting messages, unsent answers, drafts, pauses, limits and dead letters."""
