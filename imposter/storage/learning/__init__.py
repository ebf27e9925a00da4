"""Data that a bot learns from: imported chats and exams."""
