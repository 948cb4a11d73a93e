"""The worker process, which trains one experiment."""
