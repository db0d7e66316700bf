"""The blobs room: bytes under their hash, in a directory or an object store."""
