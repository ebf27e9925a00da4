"""Backups, retention, erasure and inspection."""
