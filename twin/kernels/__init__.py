"""Compiled physics: plain loops over arrays. The only room that imports numba."""
