"""Data for the owner's own use: chats, drafts, away summaries and web sessions."""
