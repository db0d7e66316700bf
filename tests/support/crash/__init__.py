"""The crash matrix: its operations, and the processes that are killed in them."""
