"""Checks on answers before they are sent: commitments, agreement to requests, leaks."""
