"""The first stage of an add: what there is to add, and what of it is new."""
