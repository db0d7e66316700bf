"""The recovery room: what a dead writer left is swept, what nothing refers to is collected, and the store is checked.

Nothing here is ever needed for the next write to succeed (G7): what a crash leaves is invisible.
"""
