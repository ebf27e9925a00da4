"""Protection of the account: rate limits, loop detection, refusals, and the state of its link."""
