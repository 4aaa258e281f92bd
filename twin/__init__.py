"""Thermotwin: a live twin of a data centre that writes cooling and UPS setpoints."""

__version__ = "0.1.0"
