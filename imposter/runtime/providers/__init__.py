"""Provider files: found, validated, created and called."""
