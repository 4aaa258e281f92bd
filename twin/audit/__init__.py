"""What was done, by whom and why: an append-only log whose lines hang together."""
