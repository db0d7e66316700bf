"""The graph of a store, as `store.graph`."""
