"""What stands between a wish and the plant: each step a pure function that says what it did."""
