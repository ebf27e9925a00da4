"""The owner's side: drafts, commands, notes and summaries in their own chat."""
