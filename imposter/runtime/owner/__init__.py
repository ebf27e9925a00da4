"""What the owner does in their own chat: drafts, commands, summaries."""
