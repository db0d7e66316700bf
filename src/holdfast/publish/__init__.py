"""The one protocol: stage, publish, leave the rest to the sweep."""
