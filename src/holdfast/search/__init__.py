"""The search room: candidates from the tables and the tail, filtered by the tree, fused, and explained.

The rows that are searched know contents, not paths (G5). The catalog says which contents stand where at a snapshot.
"""
