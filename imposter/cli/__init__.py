"""The commands of `python -m imposter`, for operators without a browser."""
