"""Checks for a provider file: `python -m imposter.testing chat_providers/mine.py`.

What a check cannot know by itself, such as how to make a platform say something, stands in a test harness:
a subclass of `ChatHarness` or `ModelHarness`.
"""

from imposter.testing.chat_harness import HELLO, ChatHarness
from imposter.testing.model_harness import ModelHarness

__all__ = ["HELLO", "ChatHarness", "ModelHarness"]
