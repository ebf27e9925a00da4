"""The tables, the conversion of their rows, and shared database code: fencing, caches and secure deletion."""
