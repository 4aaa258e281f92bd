"""The guard once more, slow and obvious: every change copies the whole sheet, every look-up walks the list.

Formulas of single values are the guard's own; order, loops, sheet, leases and records are written a second time. What
the quick guard says must be this to the byte.
"""
