"""Database access: engines, the writer thread, read-only connections and notifications."""
