"""The versioned tree: walking it, reading it at a commit, changing it, and what changed in it."""
