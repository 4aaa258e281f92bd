"""The twin beside EnergyPlus: one plant described once, judged by an engine that nobody here wrote."""
