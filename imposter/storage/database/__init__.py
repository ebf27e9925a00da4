"""The database itself: its engines, the thread that commits, connections that read, notifications."""
