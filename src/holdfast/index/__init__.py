"""The index room: chunks, embedders, the Lance table with its versions and segments, and the questions asked of it."""
