"""Frozen dataclasses and enums that all layers share. No SQL, no I/O."""
