"""Promises of durability, each put to the test by breaking something."""
