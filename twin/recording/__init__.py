"""Cassettes: what came in, when the loop ticked, and what was decided, in one file that replays to the byte."""
