"""Types as people declare them: classes of Python, or a file."""
