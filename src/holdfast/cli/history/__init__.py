"""Showing what was: the differences between two sides, their lines, and the drawing of a history."""
