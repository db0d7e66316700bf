"""Questions about what changed, and what went."""
