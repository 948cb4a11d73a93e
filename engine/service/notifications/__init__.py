"""Notifications of the user by the service: what to tell of, and the delivery in a process of its own."""
