"""Path locks: leases with fencing tokens, checked where a change is published (docs/locks.md)."""
