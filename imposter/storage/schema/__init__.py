"""The tables, rows of them as objects, and what every statement relies on: fencing, caches, secure deletion."""
