"""The one place that knows the order of the stages, and wires them to the world."""
