"""A message from intake to delivery: stored, changed, answered, sent."""
