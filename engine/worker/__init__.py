"""The worker: the process in which one experiment trains."""
