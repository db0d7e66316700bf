"""Typed rows beside the files: what a row may be, and the rows of a branch."""
