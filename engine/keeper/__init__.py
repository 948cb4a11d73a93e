"""The keeper: one small process per run that starts the worker, watches it, and writes how it ended."""
