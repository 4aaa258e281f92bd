"""From a directory of TOML files to one checked `Site`, or to every problem in them at once."""
