"""What is said of files and directories: properties, abstracts and overviews."""
