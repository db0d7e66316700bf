"""The second stage of an add: files are converted, chunked and embedded, in workers."""
