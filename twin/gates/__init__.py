"""Between mirror and estimate: which readings are what they say. One test to a file, all of them pure."""
