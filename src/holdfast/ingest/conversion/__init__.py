"""From a file's bytes to its Markdown: what it is, which converter, within which limits."""
