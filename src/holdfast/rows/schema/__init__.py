"""What a row may be: the types of a graph, their properties, and what is stored for their values."""
