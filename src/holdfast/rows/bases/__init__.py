"""Bases of the graph: the rows of a type up to a commit, in versions of Lance tables."""
