"""The ingest room: what is found on disk, what it is, and its Markdown."""
