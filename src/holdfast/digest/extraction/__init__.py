"""Rows of the graph out of documents: what a model reports of each content, merged by key, once for each content."""
