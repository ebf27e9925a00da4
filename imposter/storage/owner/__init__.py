"""What the owner sees and decides: chats, drafts, the away summary, web sessions."""
