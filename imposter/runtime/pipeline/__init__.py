"""The pipeline of a message: scheduling, answering, delivery."""
