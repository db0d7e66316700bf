"""The rows that a search put in order, as hits: grouped by document, quoted, explained."""
