"""The versioned rows of the graph: their schema, what stands at a commit, and what a transaction changes of it."""
