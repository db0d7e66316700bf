"""Retention: which commits gc leaves, and taking what only the others show."""
