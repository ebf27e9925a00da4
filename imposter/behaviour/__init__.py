"""How a bot behaves, as small policies: pure functions of what happened, the config, and chance."""
