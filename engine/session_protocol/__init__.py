"""Requests and answers of a session: one dataclass for each, whose fields are the fields on the wire."""
