"""Sessions: conversations that are archived in one commit and remembered by a durable job."""
