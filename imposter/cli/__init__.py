"""The commands of `python -m imposter`: what an operator does without a browser."""
