"""The converters, one file per kind of document."""
