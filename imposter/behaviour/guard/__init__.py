"""What an answer must not say by itself: commitments, agreement to requests, leaks."""
