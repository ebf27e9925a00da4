"""The bot's behaviour, as small policies: pure functions of events, config and random numbers."""
