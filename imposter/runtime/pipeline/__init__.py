"""A message on its way: scheduled, answered, delivered."""
