"""The SQLite index of all runs, and the filter language of its queries."""
