"""`python -m imposter.testing`."""

from imposter.testing.app import run

if __name__ == "__main__":
    run()
