"""`python -m engine.readers`: requests of the service on stdin, responses on stdout, as frames."""

from __future__ import annotations

import os
import signal
import sys

from engine import ending_signals, places
from engine.readers.reader_requests import ReaderRequests
from engine.session.cache import SessionCache
from engine.session.server import RequestQueue, SessionServer

NICENESS = 10


def main() -> int:
    os.umask(0o077)
    os.nice(NICENESS)
    ending_signals.ignore()  # it ends with the pipe of the service
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not be read as a response
    requests = RequestQueue(sys.stdin.buffer)
    try:
        SessionServer(SessionCache(places.home()), requests, out, ReaderRequests().call).serve()
    except BrokenPipeError:
        pass  # the service has ended
    return 0


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    os._exit(code)  # the reading thread may be blocked in a read that nothing ends
