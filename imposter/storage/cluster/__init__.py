"""Nodes that share a database: leases and commands between them."""
