"""The protocol half of the simulated broker: codecs, topic matching, sessions, retained messages, faults."""
