"""The last stage of an add: groups of files, one commit each, in scan order."""
