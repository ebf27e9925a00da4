"""Messages from intake to delivery: stored, changed, answered and sent."""
