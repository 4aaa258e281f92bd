"""Setpoint leases: who holds what until when, and their bytes."""
