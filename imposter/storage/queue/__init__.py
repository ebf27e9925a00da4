"""Work that waits: pending messages and answers, drafts, pauses, limits, dead letters."""
