"""`python -m engine.readers`: requests of the service on stdin, responses on stdout, as frames."""

import os

from engine.readers.reader_requests import ReaderRequests
from engine.session.server import serve_pipes

NICENESS = 10

if __name__ == "__main__":
    os.nice(NICENESS)
    serve_pipes(ReaderRequests().call)
