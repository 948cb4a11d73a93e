"""The keeper: one small process per run that starts the worker, watches it, and records how it ended."""
