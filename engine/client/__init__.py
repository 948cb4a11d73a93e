"""The client: requests to the service and to a session, and how both processes are started."""
