"""Whole runs of the loop against a simulated site, alone or several side by side."""
