"""Questions about who does what: jobs, sessions and memories, abstracts, locks."""
