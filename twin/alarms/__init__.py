"""What an operator must act on: one alarm for each cause, with what to do about it."""
