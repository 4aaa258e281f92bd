"""What a run amounts to: figures for people and machines, and a picture."""
