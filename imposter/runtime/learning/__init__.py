"""Learning from chats: import, style guide, evaluation."""
