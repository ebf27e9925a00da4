"""What a bot learns from: imported chats and evaluations."""
