"""The tabs of the app, one per file."""
