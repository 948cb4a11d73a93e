"""The service: one process per user and home that queues, places, indexes and reports runs."""
