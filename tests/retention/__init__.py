"""What gc leaves of history, and what it takes."""
