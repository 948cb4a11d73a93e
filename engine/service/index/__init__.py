"""The index of all runs in SQLite, and the filter language that queries it."""
