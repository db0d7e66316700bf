"""The front door: the store, and what its methods are put together from."""
