"""Searching the rows of the graph: those of the log and those of the bases, as one."""
