"""Abstracts and overviews: one sentence, and about a page, of every document and directory."""
