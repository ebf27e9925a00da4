"""Provider files: discovery, validation, creation and calls."""
