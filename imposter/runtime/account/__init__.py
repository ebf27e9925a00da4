"""Protection of the account: rate limits, loops, refusals, and the state of its link."""
