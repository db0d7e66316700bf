"""Questions about the graph: its schemas, the log of its rows, and the versions that hold their bases."""
