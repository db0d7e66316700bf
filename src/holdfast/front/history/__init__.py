"""What users have of a store's past: following its changes, and names for its commits."""
