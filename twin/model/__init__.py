"""The facility compiled to arrays, and the physics surface over the kernels: check, allocate, name."""
