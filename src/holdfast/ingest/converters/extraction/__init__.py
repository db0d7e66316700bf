"""What xberg extracts of a document, and what is mended of it."""
