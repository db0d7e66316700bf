"""SQL and Cypher over the graph, by engines that others maintain, in caches that are derived from the store."""
