"""Explanations of why a message was answered or not."""
