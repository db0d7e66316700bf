"""Properties: a JSON object that a file or a directory has besides what it holds."""
