"""The graph as people declare and load it: types in Python or in a file, rows from files and tables."""
