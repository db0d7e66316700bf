"""Loading rows into the graph, however many, in one commit."""
