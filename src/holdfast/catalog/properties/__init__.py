"""Questions about properties: what entries name, and what filters find in it."""
