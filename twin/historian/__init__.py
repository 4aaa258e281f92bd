"""Records and samples to disk at once, and from there to wherever history is kept, exactly once."""
