"""Frozen dataclasses and enums that every layer shares. No SQL, no I/O."""
