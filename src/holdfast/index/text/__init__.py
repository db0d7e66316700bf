"""Text into chunks and terms."""
