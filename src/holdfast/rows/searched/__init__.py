"""What of a row is searched: its words, and its meaning as a vector."""
