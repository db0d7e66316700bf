"""Jobs that take effect once: the queue as users see it, workers, and what a handler is given."""
