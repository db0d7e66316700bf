"""Finding rows of a type: by a filter, in an order, page by page."""
