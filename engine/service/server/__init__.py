"""The socket server: listener, connections, requests, streams of events and changes."""
