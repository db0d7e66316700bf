"""The machine below: files made durable, processes and whether they live, time."""
