"""Searching, and how well searches do."""
