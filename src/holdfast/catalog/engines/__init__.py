"""The databases that a catalog can live in."""
