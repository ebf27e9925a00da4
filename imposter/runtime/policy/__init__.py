"""The rules of a bot: which contacts are answered, how, and which answers need approval."""
