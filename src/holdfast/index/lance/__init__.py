"""The Lance tables: versions, segments, files, and the questions asked of them."""
