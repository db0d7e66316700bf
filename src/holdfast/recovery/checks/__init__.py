"""The checks of verify, one file per subject."""
