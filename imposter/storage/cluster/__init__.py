"""Nodes that share a database: their leases and the commands between them."""
