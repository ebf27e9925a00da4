"""Maintenance of the data: backups, retention, erasure and inspection."""
