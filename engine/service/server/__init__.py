"""The socket side of the service: connections, requests, streams of events and changes."""
